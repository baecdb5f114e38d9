//! Lines of the event stream, whatever is in them.

use nomspark::nomad::events::{Batch, decode};
use proptest::prelude::*;

/// A line as Nomad 1.11 sends it, shortened.
const LINE: &str = r#"{"Index":13,"Events":[{"Topic":"Allocation","Type":"AllocationUpdated","Key":"a","Namespace":"default","FilterKeys":["j"],"Index":13,"Payload":{"Allocation":{"ID":"a","Name":"j.g[0]","JobID":"j","TaskGroup":"g","NodeID":"n","NodeName":"é","DesiredStatus":"run","ClientStatus":"running","CreateIndex":11,"ModifyIndex":13,"TaskStates":{"t":{"State":"running","Failed":false,"Restarts":0,"StartedAt":"2026-11-21T09:00:00Z","FinishedAt":null,"Events":[{"Type":"Started","Time":1,"Details":null}]}}}}},{"Topic":"Job","Type":"JobDeregistered","Key":"j","Index":13,"Payload":{"Deleted":true,"Job":{"ID":"j","Type":"batch","Status":"running","Stop":false,"JobModifyIndex":10,"ModifyIndex":12}}},{"Topic":"Evaluation","Type":"EvaluationUpdated","Key":"e","Index":13,"Payload":{"Evaluation":{"ID":"e","JobID":"j","Status":"blocked","CreateIndex":13,"ModifyIndex":13,"FailedTGAllocs":{"g":{"NodesEvaluated":1,"NodesAvailable":null,"DimensionExhausted":{"memory":1}}}}}}]}"#;

#[test]
fn a_whole_line_has_all_its_changes() {
    let batch = decode(LINE).unwrap();
    assert_eq!((batch.index, batch.changes.len()), (Some(13), 3));
}

#[test]
fn every_half_line_is_an_error() {
    for end in (0..LINE.len()).filter(|end| LINE.is_char_boundary(*end)) {
        assert!(decode(&LINE[..end]).is_err(), "{end}");
    }
}

#[test]
fn deep_nesting_is_an_error() {
    assert!(decode(&"[".repeat(100_000)).is_err());
    assert!(decode(&"{\"Events\":".repeat(100_000)).is_err());
}

#[test]
fn a_heartbeat_and_unknown_fields_are_nothing() {
    for line in ["{}", "{\"Later\":[1]}", "{\"Index\":null,\"Events\":null}", "{\"Events\":[]}"] {
        assert_eq!(decode(line).unwrap(), Batch::default(), "{line}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = decode(&text);
    }

    #[test]
    fn no_line_with_a_changed_piece_panics(at in 0..LINE.len(), length in 0..40_usize, piece in "[\\PC{}\\[\\]\",:0-9-]{0,20}") {
        let start = LINE.floor_char_boundary(at);
        let end = LINE.floor_char_boundary((at + length).min(LINE.len())).max(start);
        let line = format!("{}{piece}{}", &LINE[..start], &LINE[end..]);
        let _ = decode(&line);
    }
}
