use super::*;
use crate::net::signature::SigningKey;

fn key(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

/// The document's key, its owner's, and that of an editor who may admit.
struct Household {
    document: SigningKey,
    owner: SigningKey,
    porter: SigningKey,
}

impl Household {
    fn new() -> Self {
        Self {
            document: key(1),
            owner: key(2),
            porter: key(3),
        }
    }

    fn roster(&self) -> Roster {
        let porter = RosterMember {
            node: self.porter.node(),
            role: Role::Editor,
            may_admit: true,
        };
        Roster::new(self.document.document(), self.owner.node())
            .with_member(porter)
            .unwrap()
    }

    fn membership(&self) -> Membership {
        let mut membership = Membership::new(self.document.document());
        let signed = self.roster().sign(&self.document);
        assert_eq!(membership.take_roster(signed), Ok(true));
        membership
    }

    fn admission(&self, by: Option<NodeId>, epoch: u64) -> Admission {
        Admission {
            document: self.document.document(),
            node: key(9).node(),
            role: Role::Editor,
            may_admit: false,
            epoch,
            by,
        }
    }

    fn by_porter(&self, epoch: u64) -> Signed<Admission> {
        let admission = self.admission(Some(self.porter.node()), epoch);
        Signed::new(admission, &self.porter)
    }
}

#[test]
fn an_open_document_is_everybodys() {
    let membership = Membership::new(key(1).document());
    let node = key(9).node();
    assert_eq!(membership.role_of(node), Some(Role::Editor));
    assert!(membership.allows(node, Act::Write) && !membership.allows(node, Act::Govern));
}

#[test]
fn only_a_newer_roster_of_the_owner_is_taken() {
    let house = Household::new();
    let mut membership = house.membership();
    let next = house.roster().with_blocked(key(9).node()).unwrap();
    let elsewhere = Roster::new(key(4).document(), house.owner.node());
    for (roster, expected) in [
        (house.roster().sign(&house.document), Ok(false)),
        (
            next.clone().sign(&house.owner),
            Err(MembershipError::Forged),
        ),
        (elsewhere.sign(&key(4)), Err(MembershipError::OtherDocument)),
        (next.clone().sign(&house.document), Ok(true)),
        (next.sign(&house.document), Ok(false)),
    ] {
        assert_eq!(membership.take_roster(roster), expected);
    }
    assert!(membership.is_blocked(key(9).node()));
    assert_eq!(membership.role_of(key(9).node()), None);
}

#[test]
fn who_may_admit_lets_others_in_until_the_next_roster() {
    let house = Household::new();
    let mut membership = house.membership();
    let guest = key(9).node();
    assert!(!membership.allows(guest, Act::Read));
    assert_eq!(membership.take_admission(house.by_porter(2)), Ok(true));
    assert_eq!(membership.take_admission(house.by_porter(2)), Ok(false));
    assert!(membership.allows(guest, Act::Write) && !membership.allows(guest, Act::Admit));

    // The owner does not want the guest: an old admission is worth nothing then.
    let next = house.roster().without(guest).unwrap();
    assert_eq!(membership.take_roster(next.sign(&house.document)), Ok(true));
    assert!(!membership.allows(guest, Act::Read));
    assert_eq!(membership.take_admission(house.by_porter(2)), Ok(false));
    assert!(!membership.allows(guest, Act::Read));
}

#[test]
fn who_may_not_admit_lets_nobody_in() {
    let house = Household::new();
    let stranger = key(8);
    let greedy = Admission {
        may_admit: true,
        ..house.admission(Some(house.porter.node()), 2)
    };
    let usurper = Admission {
        role: Role::Owner,
        ..house.admission(None, 3)
    };
    let cases = [
        (
            Signed::new(house.admission(Some(stranger.node()), 2), &stranger),
            MembershipError::NoRight,
        ),
        (
            Signed::new(house.admission(Some(house.porter.node()), 2), &stranger),
            MembershipError::Forged,
        ),
        (
            Signed::new(house.admission(None, 3), &house.porter),
            MembershipError::Forged,
        ),
        (Signed::new(greedy, &house.porter), MembershipError::NoRight),
        (
            Signed::new(usurper, &house.document),
            MembershipError::NoRight,
        ),
        // The right was given by a roster that we have not seen.
        (house.by_porter(3), MembershipError::NoRight),
    ];
    for (admission, error) in cases {
        let mut membership = house.membership();
        assert_eq!(membership.take_admission(admission), Err(error));
        assert_eq!(membership.role_of(key(9).node()), None);
    }
}

#[test]
fn the_owner_admits_ahead_of_a_roster_that_is_still_on_its_way() {
    let house = Household::new();
    let mut membership = house.membership();
    let guest = key(9).node();
    let ahead = Signed::new(house.admission(None, 3), &house.document);
    assert_eq!(membership.take_admission(ahead.clone()), Ok(true));
    assert_eq!(membership.role_of(guest), Some(Role::Editor));

    let viewer = RosterMember {
        node: guest,
        role: Role::Viewer,
        may_admit: false,
    };
    let later = house
        .roster()
        .with_member(viewer)
        .and_then(|roster| roster.with_member(viewer))
        .unwrap();
    assert_eq!(
        membership.take_roster(later.sign(&house.document)),
        Ok(true)
    );
    assert_eq!(membership.take_admission(ahead), Ok(false));
    assert_eq!(membership.role_of(guest), Some(Role::Viewer));
}

#[test]
fn an_admission_ends_with_the_right_of_whoever_gave_it() {
    let house = Household::new();
    let mut membership = house.membership();
    membership.take_admission(house.by_porter(2)).unwrap();
    let next = house.roster().without(house.porter.node()).unwrap();
    membership.take_roster(next.sign(&house.document)).unwrap();
    assert_eq!(membership.role_of(key(9).node()), None);
}

#[test]
fn no_changed_byte_of_a_roster_goes_unnoticed() {
    let house = Household::new();
    let signed = house.roster().sign(&house.document);
    let bytes = postcard::to_stdvec(&signed).unwrap();
    for place in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let Ok(roster) = postcard::from_bytes::<Signed<Roster>>(&changed) else {
            continue;
        };
        let mut membership = Membership::new(house.document.document());
        assert_ne!(membership.take_roster(roster), Ok(true), "byte {place}");
    }
}
