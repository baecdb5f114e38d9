//! Tests of quantities.

use proptest::prelude::*;

use super::*;

fn memory(text: &str) -> Result<u64, MemoryError> {
    text.parse::<Memory>().map(Memory::mib)
}

#[test]
fn memory_is_read_in_every_binary_spelling() {
    let amounts = [
        ("1GiB", 1024),
        ("512MiB", 512),
        ("1TiB", 1 << 20),
        ("2048KiB", 2),
        ("1.5GiB", 1536),
        ("0.5g", 512),
        ("0.0009765625GiB", 1),
        ("2g", 2048),
        ("2G", 2048),
        ("512m", 512),
        ("16TiB", 16 << 20),
        ("1.000MiB", 1),
        ("007m", 7),
    ];
    for (text, mib) in amounts {
        assert_eq!(memory(text), Ok(mib), "{text}");
    }
}

#[test]
fn memory_that_cannot_be_meant_is_refused() {
    assert_eq!(memory("2048").unwrap_err(), MemoryError::NoUnit("2048".to_owned()));
    assert_eq!(memory("2048").unwrap_err().help(), "write `2048MiB` or `2048GiB`");
    assert_eq!(
        memory("1GB").unwrap_err().to_string(),
        "`1GB` is in decimal gigabytes, which Spark and Nomad do not count in"
    );
    assert_eq!(memory("1GB").unwrap_err().help(), "write `1GiB`");
    for fraction in ["1.5MiB", "1k", "0.1GiB", "1.00000000000000000000000000000001GiB"] {
        assert!(matches!(memory(fraction), Err(MemoryError::Fraction(_))), "{fraction}");
    }
    for range in ["0MiB", "17TiB", "99999999999999999999999999999999999999999g", "16777217m"] {
        assert!(matches!(memory(range), Err(MemoryError::Range(_))), "{range}");
    }
    for unreadable in
        ["", "GiB", "-1GiB", "+1GiB", "1 GiB", " 1GiB", "1GiB ", "1.GiB", ".5GiB", "1.2.3g", "1e3m", "1b", "1\n"]
    {
        assert!(matches!(memory(unreadable), Err(MemoryError::Unreadable(_))), "{unreadable:?}");
    }
}

#[test]
fn memory_is_written_for_people_and_for_spark() {
    let amount = |mib| Memory::from_mib(mib).unwrap();
    assert_eq!(amount(1024).to_string(), "1GiB");
    assert_eq!(amount(1536).to_string(), "1536MiB");
    assert_eq!(amount(1024).spark(), "1024m");
    assert_eq!(serde_json::to_string(&amount(2048)).unwrap(), "\"2GiB\"");
}

#[test]
fn memory_never_leaves_its_bounds() {
    let amount = |mib| Memory::from_mib(mib).unwrap();
    assert_eq!(amount(1024).checked_sub(amount(1023)), Some(amount(1)));
    assert_eq!(amount(1024).checked_sub(amount(1024)), None);
    assert_eq!(amount(1).checked_sub(amount(2)), None);
    assert_eq!(Memory::MAX.checked_add(amount(1)), None);
    assert_eq!(Memory::MAX.checked_mul(u64::MAX), None);
    assert_eq!(amount(3).checked_mul(2), Some(amount(6)));
    assert_eq!(amount(3).checked_mul(0), None);
}

#[test]
fn cores_are_from_1_to_1024() {
    assert_eq!("1".parse::<Cores>(), Ok(Cores::ONE));
    assert_eq!("1024".parse::<Cores>().map(Cores::get), Ok(1024));
    for wrong in ["0", "1025", "", "+1", "-1", "1.0", " 1", "99999999999"] {
        assert!(wrong.parse::<Cores>().is_err(), "{wrong:?}");
    }
    assert_eq!(serde_json::to_string(&Cores::ONE).unwrap(), "1");
}

#[test]
fn durations() {
    assert_eq!(parse_duration("100ms"), Ok(Duration::from_millis(100)));
    assert_eq!(parse_timeout("1h 30m"), Ok(Duration::from_mins(90)));
    assert_eq!(parse_duration("0s"), Ok(Duration::ZERO));
    assert_eq!(parse_timeout("0ms"), Err(DurationError::Zero("0ms".to_owned())));
    assert!(parse_duration("5").is_err());
    assert!(parse_duration("-5s").is_err());
}

proptest! {
    #[test]
    fn memory_survives_being_written_and_read(mib in 1..=Memory::MAX.mib()) {
        let amount = Memory::from_mib(mib).unwrap();
        prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        prop_assert_eq!(amount.spark().parse(), Ok(amount));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = memory(&text);
        let _ = text.parse::<Cores>();
        let _ = parse_timeout(&text);
    }

    #[test]
    fn no_number_with_a_unit_panics(text in "[0-9.]{0,60}[kKmMgGtT]?(iB|B)?") {
        if let Ok(mib) = memory(&text) {
            prop_assert!((1..=Memory::MAX.mib()).contains(&mib));
        }
    }

    #[test]
    fn cores_survive_being_written_and_read(number in any::<u32>()) {
        match Cores::try_from(number) {
            Ok(cores) => prop_assert_eq!(cores.to_string().parse(), Ok(cores)),
            Err(_) => prop_assert!(number == 0 || number > Cores::MAX),
        }
    }
}
