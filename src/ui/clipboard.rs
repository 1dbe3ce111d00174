//! temp
pub(super) struct Clipboard(String);
impl Clipboard {
    pub fn new() -> Self { Self(String::new()) }
    pub fn copy(&mut self, t: String) -> Option<String> { self.0 = t; None }
    pub fn paste(&mut self, f: impl FnOnce(String) + Send + 'static) { f(self.0.clone()) }
}
