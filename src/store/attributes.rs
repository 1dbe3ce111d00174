//! Extended attributes of files: access lists, labels, a person's own notes.

use std::{
    collections::BTreeMap,
    ffi::{CStr, CString},
    fs::File,
};

use rustix::{
    fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr},
    io::{Errno, Result},
};

/// Bytes of a list of names or of a value at most; the kernel's own limit.
const MAX_SIZE: usize = 64 * 1024;

/// Gives `new` exactly the attributes that `old` has.
///
/// # Errors
///
/// Fails when one cannot be read, written or removed.
pub(super) fn copy(old: &File, new: &File) -> Result<()> {
    let wanted = all(old)?;
    let present = all(new)?;
    for name in present.keys().filter(|name| !wanted.contains_key(*name)) {
        fremovexattr(new, name.as_c_str())?;
    }
    for (name, value) in &wanted {
        // A label that is right already need not be writable.
        if present.get(name) != Some(value) {
            fsetxattr(new, name.as_c_str(), value, XattrFlags::empty())?;
        }
    }
    Ok(())
}

fn all(file: &File) -> Result<BTreeMap<CString, Vec<u8>>> {
    let mut buffer = vec![0; MAX_SIZE];
    let length = match flistxattr(file, buffer.as_mut_slice()) {
        Ok(length) => length,
        // A file system without attributes.
        Err(Errno::NOTSUP) => 0,
        Err(error) => return Err(error),
    };
    let names: Vec<CString> = buffer[..length]
        .split_inclusive(|byte| *byte == 0)
        .filter_map(|name| CStr::from_bytes_with_nul(name).ok())
        .map(CStr::to_owned)
        .collect();
    let mut attributes = BTreeMap::new();
    for name in names {
        let length = fgetxattr(file, name.as_c_str(), buffer.as_mut_slice())?;
        attributes.insert(name, buffer[..length].to_vec());
    }
    Ok(attributes)
}
