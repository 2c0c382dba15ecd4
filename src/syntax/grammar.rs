//! The pest parser, alone in its file so that editing its neighbours does not expand it again.

#[derive(pest_derive::Parser)]
#[grammar = "../grammar/dbf.pest"]
pub(super) struct Grammar;
