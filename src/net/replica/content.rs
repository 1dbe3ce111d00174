//! A hash of what a document holds, the same wherever the document holds the same.

use loro::LoroValue;

/// Hashes the value of a whole document. Root containers that are empty count as absent: whether
/// one was ever looked at is nothing that replicas tell each other.
pub(super) fn hash(document: &LoroValue) -> u64 {
    let mut hasher = blake3::Hasher::new();
    match document {
        LoroValue::Map(roots) => {
            let mut entries: Vec<_> = roots.iter().filter(|(_, root)| !is_empty(root)).collect();
            entries.sort_unstable_by_key(|(name, _)| *name);
            for (name, root) in entries {
                add_bytes(&mut hasher, name.as_bytes());
                add(&mut hasher, root);
            }
        }
        other => add(&mut hasher, other),
    }
    let mut hash = [0; 8];
    hasher.finalize_xof().fill(&mut hash);
    u64::from_le_bytes(hash)
}

fn is_empty(root: &LoroValue) -> bool {
    match root {
        LoroValue::Null => true,
        LoroValue::String(text) => text.is_empty(),
        LoroValue::List(list) => list.is_empty(),
        LoroValue::Map(map) => map.is_empty(),
        LoroValue::Double(number) => *number == 0.0,
        LoroValue::Bool(_) | LoroValue::I64(_) | LoroValue::Binary(_) | LoroValue::Container(_) => {
            false
        }
    }
}

fn add(hasher: &mut blake3::Hasher, value: &LoroValue) {
    match value {
        LoroValue::Null => _ = hasher.update(&[0]),
        LoroValue::Bool(value) => _ = hasher.update(&[1, u8::from(*value)]),
        LoroValue::Double(value) => {
            hasher.update(&[2]);
            hasher.update(&value.to_bits().to_le_bytes());
        }
        LoroValue::I64(value) => {
            hasher.update(&[3]);
            hasher.update(&value.to_le_bytes());
        }
        LoroValue::Binary(bytes) => {
            hasher.update(&[4]);
            add_bytes(hasher, bytes);
        }
        LoroValue::String(text) => {
            hasher.update(&[5]);
            add_bytes(hasher, text.as_bytes());
        }
        LoroValue::List(list) => {
            hasher.update(&[6]);
            add_length(hasher, list.len());
            list.iter().for_each(|value| add(hasher, value));
        }
        LoroValue::Map(map) => {
            hasher.update(&[7]);
            add_length(hasher, map.len());
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_unstable_by_key(|(key, _)| *key);
            for (key, value) in entries {
                add_bytes(hasher, key.as_bytes());
                add(hasher, value);
            }
        }
        LoroValue::Container(id) => {
            hasher.update(&[8]);
            add_bytes(hasher, id.to_string().as_bytes());
        }
    }
}

fn add_bytes(hasher: &mut blake3::Hasher, bytes: &[u8]) {
    add_length(hasher, bytes.len());
    hasher.update(bytes);
}

fn add_length(hasher: &mut blake3::Hasher, length: usize) {
    hasher.update(&(length as u64).to_le_bytes());
}

#[cfg(test)]
mod tests {
    use loro::LoroDoc;

    use super::*;

    fn content(doc: &LoroDoc) -> u64 {
        hash(&doc.get_deep_value())
    }

    #[test]
    fn the_same_content_has_the_same_hash_and_another_has_another() {
        let (one, two) = (LoroDoc::new(), LoroDoc::new());
        assert!(one.get_text("main").insert(0, "text").is_ok());
        assert!(two.get_text("main").insert(0, "text").is_ok());
        // Looking is not changing.
        let _ = two.get_list("looked at");
        let _ = two.get_map("looked at too");
        assert_eq!(content(&one), content(&two));
        for (key, value) in [("b", 2), ("a", 1)] {
            assert!(one.get_map("map").insert(key, value).is_ok());
        }
        for (key, value) in [("a", 1), ("b", 2)] {
            assert!(two.get_map("map").insert(key, value).is_ok());
        }
        assert_eq!(content(&one), content(&two));
        assert!(two.get_text("main").insert(4, "\0").is_ok());
        assert_ne!(content(&one), content(&two));
    }
}
