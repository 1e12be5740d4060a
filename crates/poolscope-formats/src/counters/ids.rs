//! The counters that say something about pool memory, by an id of our own that no language changes.

/// Declares [`CounterId`] with its English names and unit in one table.
macro_rules! counters {
    ($($(#[$doc:meta])* $id:ident = $object:literal, $counter:literal, $unit:literal;)*) => {
        /// A counter poolscope knows.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[non_exhaustive]
        pub enum CounterId { $($(#[$doc])* $id,)* }

        impl CounterId {
            /// Every counter, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$id,)*];

            /// The English object name.
            pub fn object(self) -> &'static str {
                match self { $(Self::$id => $object,)* }
            }

            /// The English counter name.
            pub fn counter(self) -> &'static str {
                match self { $(Self::$id => $counter,)* }
            }

            /// Unit of the kept values: `bytes`, `count`, `seconds` or `per_second`.
            pub fn unit(self) -> &'static str {
                match self { $(Self::$id => $unit,)* }
            }
        }
    };
}

counters! {
    /// All of the nonpaged pool.
    MemoryPoolNonpagedBytes = "Memory", "Pool Nonpaged Bytes", "bytes";
    /// All of the paged pool.
    MemoryPoolPagedBytes = "Memory", "Pool Paged Bytes", "bytes";
    /// The part of the paged pool that is in physical memory.
    MemoryPoolPagedResidentBytes = "Memory", "Pool Paged Resident Bytes", "bytes";
    /// Calls to allocate nonpaged pool (not outstanding allocations).
    MemoryPoolNonpagedAllocs = "Memory", "Pool Nonpaged Allocs", "count";
    /// Calls to allocate paged pool.
    MemoryPoolPagedAllocs = "Memory", "Pool Paged Allocs", "count";
    /// Physical memory available; `Available KBytes` and `MBytes` are kept here too, as bytes.
    MemoryAvailableBytes = "Memory", "Available Bytes", "bytes";
    /// Commit charge.
    MemoryCommittedBytes = "Memory", "Committed Bytes", "bytes";
    /// Commit limit.
    MemoryCommitLimit = "Memory", "Commit Limit", "bytes";
    /// System page table entries not in use.
    MemoryFreeSystemPtes = "Memory", "Free System Page Table Entries", "count";
    /// System cache resident in physical memory.
    MemoryCacheBytes = "Memory", "Cache Bytes", "bytes";
    /// Bytes of page tables (hand-made tables only; Windows has no such counter of Memory).
    MemoryPageTableBytes = "Memory", "Page Table Bytes", "bytes";
    /// Seconds since boot.
    SystemUpTime = "System", "System Up Time", "seconds";
    /// Processes.
    SystemProcesses = "System", "Processes", "count";
    /// Threads.
    SystemThreads = "System", "Threads", "count";
    /// Handles of one process.
    ProcessHandleCount = "Process", "Handle Count", "count";
    /// Nonpaged pool charged to one process (quota charge only).
    ProcessPoolNonpagedBytes = "Process", "Pool Nonpaged Bytes", "bytes";
    /// Paged pool charged to one process (quota charge only).
    ProcessPoolPagedBytes = "Process", "Pool Paged Bytes", "bytes";
    /// Process id: tells one owner of a name from the next.
    ProcessIdProcess = "Process", "ID Process", "count";
    /// Seconds since the process began.
    ProcessElapsedTime = "Process", "Elapsed Time", "seconds";
    /// Private memory of one process.
    ProcessPrivateBytes = "Process", "Private Bytes", "bytes";
    /// Threads of one process.
    ProcessThreadCount = "Process", "Thread Count", "count";
    /// I/O operations that are neither reads nor writes.
    ProcessIoOtherOperations = "Process", "IO Other Operations/sec", "per_second";
    /// Event objects.
    ObjectsEvents = "Objects", "Events", "count";
    /// Mutant objects.
    ObjectsMutexes = "Objects", "Mutexes", "count";
    /// Process objects.
    ObjectsProcesses = "Objects", "Processes", "count";
    /// Section objects.
    ObjectsSections = "Objects", "Sections", "count";
    /// Semaphore objects.
    ObjectsSemaphores = "Objects", "Semaphores", "count";
    /// Thread objects.
    ObjectsThreads = "Objects", "Threads", "count";
    /// Times the file server could not get nonpaged pool.
    ServerPoolNonpagedFailures = "Server", "Pool Nonpaged Failures", "count";
    /// Times the file server could not get paged pool.
    ServerPoolPagedFailures = "Server", "Pool Paged Failures", "count";
    /// Nonpaged pool used by the file server.
    ServerPoolNonpagedBytes = "Server", "Pool Nonpaged Bytes", "bytes";
    /// Paged pool used by the file server.
    ServerPoolPagedBytes = "Server", "Pool Paged Bytes", "bytes";
    /// Seconds that one disk takes for a read or write, from asking to done.
    DiskSecondsPerTransfer = "PhysicalDisk", "Avg. Disk sec/Transfer", "seconds";
    /// Requests http.sys rejected from one queue.
    HttpQueueRejectedRequests = "HTTP Service Request Queues", "RejectedRequests", "count";
    /// Requests waiting in one queue of http.sys.
    HttpQueueCurrentSize = "HTTP Service Request Queues", "CurrentQueueSize", "count";
    /// Connections to one web site.
    WebCurrentConnections = "Web Service", "Current Connections", "count";
    /// Established TCP connections over IPv4.
    TcpConnectionsEstablished = "TCPv4", "Connections Established", "count";
}

impl CounterId {
    /// Whether the counter is of one process, so that its series may change hands.
    pub fn is_per_process(self) -> bool {
        self.object() == "Process"
    }
}
