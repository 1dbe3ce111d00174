//! temp
use crate::NetworkKind;
/// temp
#[derive(Clone, Debug)]
pub struct Config {
    /// t
    pub wrap: bool,
    /// t
    pub tab_width: u16,
    /// t
    pub soft_tabs: bool,
    /// t
    pub name: Option<String>,
    /// t
    pub color: Option<String>,
    /// t
    pub theme: Option<String>,
    /// t
    pub network: Option<NetworkKind>,
}
impl Default for Config {
    fn default() -> Self {
        Self { wrap: true, tab_width: 4, soft_tabs: false, name: None, color: None, theme: None, network: None }
    }
}
/// t
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct ConfigError;
impl Config {
    /// t
    pub fn load(_: &std::path::Path) -> Result<Self, ConfigError> { Ok(Self::default()) }
}
