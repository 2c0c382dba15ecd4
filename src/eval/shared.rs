//! What several kernels work out from the same columns, kept with the rows: one sort for every metric of ranks, one
//! table of counts for every metric of counts.

use crate::data::Column;
use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

/// What was made, by what it is and from which columns. Locked for moments only.
#[derive(Debug, Default)]
pub struct Shared {
    made: Mutex<Vec<Made>>,
}

#[derive(Debug, Clone)]
struct Made {
    what: &'static str,
    /// Held on to, so that no other column can take their place in memory.
    from: Vec<Column>,
    value: Arc<dyn Any + Send + Sync>,
}

impl Shared {
    /// What `make` gives for these columns, made once.
    pub fn of<T: Send + Sync + 'static>(
        &self,
        what: &'static str,
        from: &[&Column],
        make: impl FnOnce() -> T,
    ) -> Arc<T> {
        let known = |made: &Made| {
            made.what == what && made.from.len() == from.len() && made.from.iter().zip(from).all(|(a, b)| a.is(b))
        };
        let find = || {
            let all = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            all.iter().find(|m| known(m)).and_then(|m| m.value.clone().downcast::<T>().ok())
        };
        if let Some(found) = find() {
            return found;
        }
        let value = Arc::new(make());
        let from = from.iter().map(|c| (*c).clone()).collect();
        let made = Made { what, from, value: value.clone() };
        self.made.lock().unwrap_or_else(PoisonError::into_inner).push(made);
        value
    }
}
