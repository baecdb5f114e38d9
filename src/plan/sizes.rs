//! How much to reserve in Nomad for what Spark is given.
//!
//! A JVM needs more than its heap, and Nomad kills a container that needs more than it reserved. Spark itself adds
//! 10 % and at least 384 MiB for an executor (`spark.executor.memoryOverheadFactor`, `spark.executor.minMemoryOverhead`).

use crate::units::{Cores, Memory};

/// MHz to reserve for a master or a driver.
pub(super) const DAEMON_CPU: u64 = 500;
/// MHz to reserve for each core that a worker offers; idle cores cost nothing, so this is a share, not a limit.
pub(super) const CPU_PER_CORE: u64 = 1_000;
/// The heap of a worker's own JVM, in MiB; it only starts executors and keeps their logs.
pub(super) const WORKER_HEAP: u64 = 384;
/// What a JVM needs besides its heap, in MiB, at least.
const JVM_OVERHEAD: u64 = 256;
/// What executors and drivers need besides their heap, in MiB, at least: Spark's default.
const EXECUTOR_OVERHEAD: u64 = 384;

/// The heap that fits into what is reserved for a master, in MiB.
pub(super) fn master_heap(memory: Memory) -> u64 {
    let overhead = (memory.mib() / 4).clamp(JVM_OVERHEAD, 1_024);
    memory.mib().saturating_sub(overhead).max(memory.mib() / 2)
}

/// What to reserve for a worker that offers `memory` to executors, in MiB.
pub(super) fn worker_memory(memory: Memory) -> u64 {
    with_overhead(memory.mib()) + WORKER_HEAP + JVM_OVERHEAD
}

/// What to reserve for a worker's CPU, in MHz.
pub(super) fn worker_cpu(cores: Cores) -> u64 {
    u64::from(cores.get()) * CPU_PER_CORE
}

/// What to reserve for a driver or an executor with this heap, in MiB.
pub(super) fn with_overhead(heap: u64) -> u64 {
    with_overhead_of(heap, None, None)
}

/// The same with another share of the heap than a tenth, and with another least overhead, in MiB.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "at most a hundred times 16 TiB in MiB, as Spark computes it"
)]
pub(super) fn with_overhead_of(heap: u64, factor: Option<f64>, least: Option<u64>) -> u64 {
    let share = factor.map_or(heap / 10, |factor| (heap as f64 * factor) as u64);
    heap + share.max(least.unwrap_or(EXECUTOR_OVERHEAD))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_is_larger_than_the_heaps_in_it() {
        assert_eq!(master_heap(Memory::from_mib(1_024).unwrap()), 768);
        assert_eq!(worker_memory(Memory::from_mib(1_024).unwrap()), 1_024 + 384 + 384 + 256);
        assert_eq!(worker_memory(Memory::from_mib(10_240).unwrap()), 10_240 + 1_024 + 384 + 256);
    }
}
