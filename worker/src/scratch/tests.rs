//! Tests of the module above.

use super::*;

#[test]
fn segments_go_round() {
    let dir = tempfile::tempdir().unwrap();
    let (empties, filled) = ring::<u32>(dir.path(), 2, 4096).unwrap();
    let extractor = std::thread::spawn(move || {
        for n in 0..100u32 {
            let mut open = empties.take().unwrap();
            open.room(1000).unwrap().fill(n as u8);
            open.commit(n, 1000);
            assert!(open.room(3072).is_ok());
            assert_eq!(open.room(3073), Err(Full));
            assert!(empties.hand_over(open));
        }
    });
    let mut seen = 0;
    while let Some(segment) = filled.take() {
        let mut place = 0;
        while let Some((tag, body)) = segment.get(place) {
            let bytes = body.as_ref();
            place += 1;
            assert_eq!(*tag, seen);
            assert!(bytes.len() == 1000 && bytes.iter().all(|b| *b == seen as u8));
            seen += 1;
        }
        filled.give_back(segment).unwrap();
    }
    extractor.join().unwrap();
    assert_eq!(seen, 100);
}

#[test]
fn a_segment_that_is_being_read_is_not_filled_again() {
    let dir = tempfile::tempdir().unwrap();
    let (empties, filled) = ring::<()>(dir.path(), 1, 4096).unwrap();
    let mut open = empties.take().unwrap();
    open.commit((), 100);
    assert!(empties.hand_over(open));
    let segment = filled.take().unwrap();
    let (_, body) = segment.get(0).unwrap();
    assert_eq!(filled.give_back(segment), Err(Held));
    assert_eq!(body.as_ref().len(), 100);
}

#[test]
fn an_end_that_goes_away_frees_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let (empties, filled) = ring::<()>(dir.path(), 1, 4096).unwrap();
    let open = empties.take().unwrap();
    drop(filled);
    assert!(!empties.hand_over(open));
    assert!(empties.take().is_none());
}

#[test]
fn a_segment_keeps_bytes_and_leaves_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut s = Segment::new(dir.path(), 1 << 20).unwrap();
    s.bytes_mut()[12345] = 7;
    assert_eq!(s.bytes()[12345], 7);
    assert_eq!(s.bytes().len(), 1 << 20);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn no_room_and_no_directory_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let huge = Segment::new(dir.path(), 1 << 50).unwrap_err();
    assert!(matches!(huge, ScratchError::Full { .. }), "{huge:?}");
    assert_eq!(Failure::from(huge).code, codes::SCRATCH_FULL);
    let gone = Segment::new(&dir.path().join("gone"), 4096).unwrap_err();
    assert!(matches!(gone, ScratchError::Unusable { .. }));
    assert_eq!(Failure::from(gone).code, codes::SCRATCH_UNUSABLE);
}
