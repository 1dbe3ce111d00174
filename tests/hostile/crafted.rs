//! Updates that nobody wrote: a few bytes of a genuine one are changed, and its checksum is made
//! right again.

use loro::{ExportMode, LoroDoc, LoroMap, LoroText};

/// Where Loro's checksum stands: behind the four letters of its name and twelve unused bytes.
const CHECKSUM: usize = 16;
/// Where that begins which the checksum is of.
const CHECKED: usize = 20;
/// Loro's seed for it.
const SEED: u32 = u32::from_le_bytes(*b"LORO");

/// Returns genuine updates of different kinds, none of them of the honest people.
pub fn genuine() -> Vec<Vec<u8>> {
    let doc = LoroDoc::new();
    doc.set_peer_id(666).expect("nothing is pending");
    let text = doc.get_text("main");
    let mut updates = Vec::new();
    let mut before = doc.oplog_vv();
    let mut step = |change: &dyn Fn(&LoroText)| {
        change(&text);
        doc.commit();
        updates.push(
            doc.export(ExportMode::updates(&before))
                .expect("it can be exported"),
        );
        before = doc.oplog_vv();
    };
    step(&|text| text.insert(0, "k").expect("inside"));
    step(&|text| text.insert(1, &"long text, ".repeat(40)).expect("inside"));
    step(&|text| text.delete(3, 50).expect("inside"));
    step(&|text| text.mark(0..20, "bold", true).expect("inside"));
    let map = doc.get_map("map");
    map.insert("key", "value").expect("it can be inserted");
    let inner = map
        .insert_container("inner", LoroMap::new())
        .expect("it can be inserted");
    inner.insert("n", 7).expect("it can be inserted");
    let list = doc.get_movable_list("list");
    for number in 0..20 {
        list.push(number).expect("it can be pushed");
    }
    list.mov(3, 9).expect("inside");
    let tree = doc.get_tree("tree");
    let root = tree.create(None).expect("it can be created");
    tree.create(root).expect("it can be created");
    doc.commit();
    for mode in [ExportMode::all_updates(), ExportMode::Snapshot] {
        updates.push(doc.export(mode).expect("it can be exported"));
    }
    updates
}

/// Returns the crafted update of this number, always the same.
pub fn crafted(genuine: &[Vec<u8>], number: u64) -> Vec<u8> {
    let mut random = blake3::Hasher::new()
        .update(&number.to_le_bytes())
        .finalize_xof();
    let mut next = || {
        let mut bytes = [0; 8];
        random.fill(&mut bytes);
        u64::from_le_bytes(bytes) as usize
    };
    let mut update = genuine[next() % genuine.len()].clone();
    for _ in 0..1 + next() % 4 {
        let place = CHECKED + next() % (update.len() - CHECKED);
        update[place] = match next() % 3 {
            0 => next() as u8,
            1 => update[place] ^ (1 << (next() % 8)),
            // What a long number looks like.
            _ => 0xff,
        };
    }
    let checksum = xxh32(&update[CHECKED..]);
    update[CHECKSUM..CHECKED].copy_from_slice(&checksum.to_le_bytes());
    update
}

/// Collet's xxHash with 32 bits.
fn xxh32(bytes: &[u8]) -> u32 {
    const PRIMES: [u32; 5] = [
        0x9E37_79B1,
        0x85EB_CA77,
        0xC2B2_AE3D,
        0x27D4_EB2F,
        0x1656_67B1,
    ];
    let [one, two, three, four, five] = PRIMES;
    let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
    let round = |lane: u32, input: u32| {
        lane.wrapping_add(input.wrapping_mul(two))
            .rotate_left(13)
            .wrapping_mul(one)
    };
    let mut stripes = bytes.chunks_exact(16);
    let mut hash = if bytes.len() >= 16 {
        let mut lanes = [
            SEED.wrapping_add(one).wrapping_add(two),
            SEED.wrapping_add(two),
            SEED,
            SEED.wrapping_sub(one),
        ];
        for stripe in stripes.by_ref() {
            for (lane, input) in lanes.iter_mut().zip(stripe.chunks_exact(4)) {
                *lane = round(*lane, word(input));
            }
        }
        let [a, b, c, d] = lanes;
        a.rotate_left(1)
            .wrapping_add(b.rotate_left(7))
            .wrapping_add(c.rotate_left(12))
            .wrapping_add(d.rotate_left(18))
    } else {
        SEED.wrapping_add(five)
    };
    hash = hash.wrapping_add(bytes.len() as u32);
    let mut words = stripes.remainder().chunks_exact(4);
    for input in words.by_ref() {
        hash = hash
            .wrapping_add(word(input).wrapping_mul(three))
            .rotate_left(17)
            .wrapping_mul(four);
    }
    for byte in words.remainder() {
        hash = hash
            .wrapping_add(u32::from(*byte).wrapping_mul(five))
            .rotate_left(11)
            .wrapping_mul(one);
    }
    hash = (hash ^ (hash >> 15)).wrapping_mul(two);
    hash = (hash ^ (hash >> 13)).wrapping_mul(three);
    hash ^ (hash >> 16)
}

#[test]
fn the_checksum_is_loros() {
    for update in genuine() {
        let stored = &update[CHECKSUM..CHECKED];
        assert_eq!(stored, xxh32(&update[CHECKED..]).to_le_bytes());
    }
}
