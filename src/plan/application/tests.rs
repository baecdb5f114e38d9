//! What is reserved for a driver, and which applications no worker can serve.

use super::*;
use crate::error::Advice;
use crate::exit::Exit;
use crate::spec::{Overrides, validate};

fn common(conf: &[(&str, &str)]) -> CommonVariables {
    let mut common = common::common(&validate(None, &Overrides::default()).unwrap(), Driver::RawExec, None);
    for (key, value) in conf {
        common.conf.insert((*key).to_owned(), (*value).to_owned());
    }
    common
}

#[test]
fn a_driver_has_the_heap_that_is_written_and_its_overhead() {
    for (memory, expected) in [("1gb", 1_024), ("1024", 1_024), ("1048576kb", 1_024), ("100", 100)] {
        assert_eq!(driver_heap(&common(&[("spark.driver.memory", memory)])), expected, "{memory}");
    }
    assert_eq!(driver_heap(&common(&[])), DRIVER_HEAP);
    assert_eq!(driver_memory(&common(&[]), 1_024), 1_408);
    assert_eq!(driver_memory(&common(&[("spark.driver.memoryOverhead", "1g")]), 1_024), 2_048);
    assert_eq!(driver_memory(&common(&[("spark.driver.memoryOverheadFactor", "0.5")]), 1_024), 1_536);
    assert_eq!(driver_memory(&common(&[("spark.driver.minMemoryOverhead", "1gb")]), 1_024), 2_048);
}

#[test]
fn an_application_that_no_worker_can_serve_is_refused_with_the_numbers() {
    let size = |cores, memory| WorkerSize { cores, memory, ..Default::default() };
    let workers = [size(2, 1_024), size(1, 2_048)];
    for (conf, expected) in [
        (&[("spark.task.cpus", "3")][..], "spark.task.cpus = 3 asks for more cores and the largest worker has 2"),
        (&[("spark.executor.cores", "3")], "spark.executor.cores = 3 asks for more cores and the largest worker has 2"),
        (
            &[("spark.task.cpus", "2"), ("spark.executor.cores", "1")],
            "spark.task.cpus = 2 asks for more cores and an executor has 1 by spark.executor.cores",
        ),
        (
            &[("spark.executor.cores", "2"), ("spark.cores.max", "1")],
            "spark.executor.cores = 2 asks for more cores and the application has 1 by spark.cores.max",
        ),
        (
            &[("spark.task.cpus", "2"), ("spark.cores.max", "2")],
            "spark.task.cpus = 2 asks for more cores and an executor gets 1 of those in spark.cores.max, unless \
             spark.executor.cores says 2",
        ),
        (
            &[("spark.executor.memory", "3gb")],
            "spark.executor.memory = 3072 MiB asks for more memory and the largest worker has 2048 MiB",
        ),
        (
            &[("spark.executor.memory", "2g"), ("spark.executor.cores", "2")],
            "2 cores and 2048 MiB for an executor ask for more and no worker has both: 2 cores and 1024 MiB, 1 cores and \
             2048 MiB",
        ),
    ] {
        let refused = refuse_without_executor(&common(conf), &workers).unwrap_err();
        assert_eq!(refused.to_string(), format!("no executor can ever start: {expected}"));
        assert_eq!(refused.exit(), Exit::Unplaceable);
    }
    for conf in [
        &[][..],
        &[("spark.task.cpus", "2")],
        &[("spark.executor.cores", "2"), ("spark.cores.max", "2"), ("spark.task.cpus", "2")],
        &[("spark.executor.memory", "2g")],
    ] {
        assert_eq!(refuse_without_executor(&common(conf), &workers), Ok(()), "{conf:?}");
        assert_eq!(refuse_without_executor(&common(&[("spark.task.cpus", "9")]), &[]), Ok(()));
    }
}

#[test]
fn an_application_that_asks_for_what_no_worker_offers_is_refused() {
    let with = |amount| WorkerSize { cores: 1, memory: 1_024, resources: [("gpu".to_owned(), amount)].into() };
    let asks = common(&[("spark.executor.resource.gpu.amount", "2")]);
    let refused = refuse_without_executor(&asks, &[with(1)]).unwrap_err();
    let expected = "spark.executor.resource.gpu.amount = 2, and no worker offers more than 1";
    assert_eq!(refused.to_string(), format!("no executor can ever start: {expected}"));
    assert_eq!(refused.exit(), Exit::Unplaceable);
    assert_eq!(refuse_without_executor(&asks, &[with(1), with(2)]), Ok(()));
}
