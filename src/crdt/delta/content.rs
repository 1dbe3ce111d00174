//! What a delta knows of the text it inserts: all of it, or only its length.

/// Inserted text, as far as a delta knows it.
pub trait Content: Clone {
    /// Returns how many Unicode scalar values it has.
    fn length(&self) -> usize;

    /// Cuts it after `at` scalar values, which must lie within it, and returns the rest.
    fn split_off(&mut self, at: usize) -> Self;

    /// Puts more behind it.
    fn append(&mut self, more: Self);
}

impl Content for String {
    fn length(&self) -> usize {
        self.chars().count()
    }

    fn split_off(&mut self, at: usize) -> Self {
        let byte = self
            .char_indices()
            .nth(at)
            .map_or(self.len(), |(byte, _)| byte);
        String::split_off(self, byte)
    }

    fn append(&mut self, more: Self) {
        self.push_str(&more);
    }
}

/// Text of which only the length is known. Enough to carry positions and other deltas over it.
impl Content for usize {
    fn length(&self) -> usize {
        *self
    }

    fn split_off(&mut self, at: usize) -> Self {
        let rest = *self - at;
        *self = at;
        rest
    }

    fn append(&mut self, more: Self) {
        *self += more;
    }
}
