//! Tokens, trivia kept: what the item splitter, the highlighter and the REPL's validator read.

use logos::Logos;

/// The kinds of token. The lexer never fails: what it does not know is [`Token::Unknown`].
#[derive(Logos, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    #[regex(r"[ \t\r\n\f]+")]
    Space,
    #[regex(r"//[^\n]*", allow_greedy = true)]
    LineComment,
    #[token("/*", block_comment)]
    BlockComment,
    #[regex(r"[A-Za-z_][A-Za-z0-9_]*")]
    Word,
    #[regex(r"[0-9][0-9_]*(\.[0-9][0-9_]*)?([eE][+-]?[0-9]+)?%?")]
    Number,
    #[regex(r#""([^"\\\n]|\\.)*""#)]
    Text,
    #[regex(r#""([^"\\\n]|\\.)*"#)]
    OpenText,
    #[regex(r"'[^'\n]*'")]
    Unit,
    #[regex(r"@[0-9-]*")]
    Date,
    #[regex(r"[(\[{]")]
    Open,
    #[regex(r"[)\]}]")]
    Close,
    #[regex(r"==|!=|<=|>=|->|=>|\.\.|[-+*/^<>=|.,:;?]")]
    Punct,
    Unknown,
}

fn block_comment(lexer: &mut logos::Lexer<Token>) {
    let rest = lexer.remainder().as_bytes();
    let (mut depth, mut at) = (1usize, 0usize);
    while depth > 0 && at < rest.len() {
        match (rest.get(at), rest.get(at + 1)) {
            (Some(b'*'), Some(b'/')) => {
                depth -= 1;
                at += 2;
            }
            (Some(b'/'), Some(b'*')) => {
                depth += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    lexer.bump(at.min(rest.len()));
}

/// A token with its byte range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spanned {
    pub token: Token,
    pub start: usize,
    pub end: usize,
}

impl Spanned {
    pub fn text<'a>(&self, source: &'a str) -> &'a str {
        source.get(self.start..self.end).unwrap_or("")
    }

    pub fn is_trivia(&self) -> bool {
        matches!(self.token, Token::Space | Token::LineComment | Token::BlockComment)
    }
}

/// Every token of `source`, trivia included; the ranges cover the text without gaps.
pub fn tokenize(source: &str) -> Vec<Spanned> {
    let mut out = Vec::new();
    for (token, range) in Token::lexer(source).spanned() {
        let token = token.unwrap_or(Token::Unknown);
        out.push(Spanned { token, start: range.start, end: range.end });
    }
    out
}

/// Words with a meaning in expressions: they cannot name anything.
pub const RESERVED: &[&str] = &[
    "and", "or", "not", "in", "if", "then", "else", "let", "for", "over", "forall", "exists", "where", "on", "with",
    "match", "true", "false",
];

/// Words that start a top-level item.
pub const ITEM_WORDS: &[&str] = &[
    "language",
    "module",
    "use",
    "dataset",
    "metric",
    "fn",
    "policy",
    "scenario",
    "task",
    "model",
    "generator",
    "benchmark",
    "report",
    "test",
    "check",
    "document",
    "attest",
    "let",
];
