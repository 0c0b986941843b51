//! How much one client may ask for in a time: requests, uploads, uploaded bytes, misses; and how many connections it holds.
//!
//! A client is an IPv4 address or an IPv6 network of 64 bits; the networks of 48 and 32 bits around it have 8 and 32 times
//! as much together, so that whoever owns many addresses gains little. Rates follow the generic cell rate algorithm (ITU-T
//! I.371, A.2): one number a client, its theoretical arrival time.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, RandomState},
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

/// So much in so long a time. All of it may come at once; then it fills up again evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How much; at least 1.
    pub amount: u64,
    /// In which time.
    pub per: Duration,
}

/// What is limited, each by itself. `None` is without a limit.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Requests of any kind.
    pub requests: Option<Rate>,
    /// Requests that upload.
    pub uploads: Option<Rate>,
    /// Bytes of uploads.
    pub upload_bytes: Option<Rate>,
    /// Addresses asked for that lead nowhere (404).
    pub misses: Option<Rate>,
}

impl Default for Rates {
    fn default() -> Self {
        let rate = |amount, seconds| Some(Rate { amount, per: Duration::from_secs(seconds) });
        Self {
            requests: rate(12_000, 60),
            uploads: rate(600, 60),
            upload_bytes: rate(20 << 30, 3_600),
            misses: rate(600, 60),
        }
    }
}

/// What a limit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Requests,
    Uploads,
    UploadBytes,
    Misses,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Requests, Self::Uploads, Self::UploadBytes, Self::Misses];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Uploads => "uploads",
            Self::UploadBytes => "upload_bytes",
            Self::Misses => "misses",
        }
    }
}

/// The limits of all clients.
pub(crate) struct Limiter {
    begun: Instant,
    buckets: [Option<Buckets>; 4],
}

impl Limiter {
    pub(crate) fn new(rates: &Rates) -> Self {
        let buckets = [rates.requests, rates.uploads, rates.upload_bytes, rates.misses];
        Self { begun: Instant::now(), buckets: buckets.map(|rate| rate.map(Buckets::new)) }
    }

    /// Takes `amount` from what `client` has left; 0 only asks whether anything is.
    ///
    /// # Errors
    /// The time after which there is enough again; nothing is taken then.
    pub(crate) fn take(&self, kind: Kind, client: IpAddr, amount: u64) -> Result<(), Duration> {
        let Some(buckets) = &self.buckets[kind as usize] else { return Ok(()) };
        buckets.take(client, amount, self.now())
    }

    /// Takes `amount` even where less is left: the next one waits for it.
    pub(crate) fn charge(&self, kind: Kind, client: IpAddr, amount: u64) {
        if let Some(buckets) = &self.buckets[kind as usize] {
            buckets.charge(client, amount, self.now());
        }
    }

    /// Nanoseconds since the start.
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

const SHARDS: usize = 16;
/// Clients that are remembered in one shard: all shards together take about 4 MB.
const CLIENTS_MAX: usize = 4_096;

/// A network of addresses that share one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Network {
    bits: u128,
    len: u8,
}

/// The networks that a client counts for, each with how many times the rate it has.
fn networks(client: IpAddr) -> impl Iterator<Item = (Network, u64)> {
    let (address, lens): (u128, &[(u8, u64)]) = match client.to_canonical() {
        IpAddr::V4(v4) => (v4.to_ipv6_mapped().to_bits(), &[(128, 1)]),
        IpAddr::V6(v6) => (Ipv6Addr::to_bits(v6), &[(64, 1), (48, 8), (32, 32)]),
    };
    lens.iter()
        .map(move |(len, times)| (Network { bits: address >> (128 - u32::from(*len)), len: *len }, *times))
}

/// One limit's accounts.
struct Buckets {
    /// Nanoseconds that one unit takes to come back, in 1/2^16.
    unit: u128,
    /// Nanoseconds in which all of it comes back.
    whole: u64,
    shards: [Mutex<HashMap<Network, u64>>; SHARDS],
    hasher: RandomState,
}

impl Buckets {
    fn new(rate: Rate) -> Self {
        let whole = u64::try_from(rate.per.as_nanos()).unwrap_or(u64::MAX);
        Self {
            unit: (u128::from(whole) << 16) / u128::from(rate.amount.max(1)),
            whole,
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
        }
    }

    fn shard(&self, network: Network) -> MutexGuard<'_, HashMap<Network, u64>> {
        let number = usize::try_from(self.hasher.hash_one(network) % SHARDS as u64).unwrap_or(0);
        self.shards[number].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nanoseconds that `amount` takes to come back for a network of `times` the rate.
    fn cost(&self, amount: u64, times: u64) -> u64 {
        let cost = (u128::from(amount) * self.unit) >> 16;
        u64::try_from(cost / u128::from(times)).unwrap_or(u64::MAX)
    }

    fn take(&self, client: IpAddr, amount: u64, now: u64) -> Result<(), Duration> {
        // Asked of every network before anything is taken. Two requests at once may both pass; one too many does no harm.
        for (network, times) in networks(client) {
            let arrival = self.shard(network).get(&network).copied().unwrap_or(0).max(now);
            let over = arrival.saturating_add(self.cost(amount.max(1), times)).saturating_sub(now);
            // One request larger than all there is passes where nothing was taken yet.
            if over > self.whole && arrival > now {
                return Err(Duration::from_nanos(over - self.whole));
            }
        }
        if amount > 0 {
            self.charge(client, amount, now);
        }
        Ok(())
    }

    fn charge(&self, client: IpAddr, amount: u64, now: u64) {
        for (network, times) in networks(client) {
            let cost = self.cost(amount, times);
            let mut shard = self.shard(network);
            if shard.len() >= CLIENTS_MAX && !shard.contains_key(&network) {
                make_room(&mut shard, now);
            }
            let arrival = shard.entry(network).or_insert(0);
            *arrival = (*arrival).max(now).saturating_add(cost);
        }
    }
}

/// Forgets whoever has everything back; where nobody has, whoever owes least.
fn make_room(shard: &mut HashMap<Network, u64>, now: u64) {
    shard.retain(|_, arrival| *arrival > now);
    if shard.len() >= CLIENTS_MAX {
        let mut arrivals: Vec<u64> = shard.values().copied().collect();
        let (_, median, _) = arrivals.select_nth_unstable(CLIENTS_MAX / 2);
        let median = *median;
        shard.retain(|_, arrival| *arrival > median);
    }
}

/// Requests over HTTP/2 that one client may have under way at once, over all its connections. Each holds a piece of its answer
/// in memory, for as long as the client does not take it.
const STREAMS_PER_CLIENT: usize = 512;

/// Counts the connections of each client.
#[derive(Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<HashMap<Network, Share>>>);

/// What one client has.
struct Share {
    connections: usize,
    streams: Arc<Semaphore>,
}

/// A connection that counts for its client until it is dropped.
pub(crate) struct Counted {
    connections: Connections,
    network: Network,
    /// A permit for each request over HTTP/2 that the client may have under way.
    pub(crate) streams: Arc<Semaphore>,
}

impl Connections {
    /// Counts one more; `None` where the client has `max` already.
    pub(crate) fn enter(&self, client: IpAddr, max: usize) -> Option<Counted> {
        let (network, _) = networks(client).next()?;
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let share = shares.entry(network).or_insert_with(|| Share {
            connections: 0,
            streams: Arc::new(Semaphore::new(STREAMS_PER_CLIENT)),
        });
        if share.connections >= max {
            return None;
        }
        share.connections += 1;
        Some(Counted { connections: self.clone(), network, streams: share.streams.clone() })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut shares = self.connections.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.get_mut(&self.network) {
            share.connections -= 1;
            if share.connections == 0 {
                shares.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn buckets(amount: u64, seconds: u64) -> Buckets {
        Buckets::new(Rate { amount, per: Duration::from_secs(seconds) })
    }

    #[test]
    fn all_may_come_at_once_and_comes_back_evenly() {
        let ten = buckets(10, 100);
        let client = ip("192.0.2.1");
        for _ in 0..10 {
            assert_eq!(ten.take(client, 1, SECOND), Ok(()));
        }
        let wait = ten.take(client, 1, SECOND).unwrap_err();
        assert!((Duration::from_millis(9_990)..=Duration::from_secs(10)).contains(&wait), "{wait:?}");
        assert_eq!(ten.take(ip("192.0.2.2"), 1, SECOND), Ok(()));
        assert_eq!(ten.take(client, 1, 11 * SECOND), Ok(()));
        assert!(ten.take(client, 1, 11 * SECOND).is_err());
        for _ in 0..10 {
            assert_eq!(ten.take(client, 1, 1_000 * SECOND), Ok(()));
        }
    }

    #[test]
    fn a_charge_is_owed() {
        let bytes = buckets(1_000, 10);
        let client = ip("192.0.2.1");
        bytes.charge(client, 5_000, 0);
        assert!(bytes.take(client, 1, 30 * SECOND).is_err());
        assert_eq!(bytes.take(client, 1, 41 * SECOND), Ok(()));
        // What is larger than all there is passes once.
        assert_eq!(bytes.take(ip("192.0.2.9"), 5_000, 0), Ok(()));
        assert!(bytes.take(ip("192.0.2.9"), 1, 0).is_err());
    }

    #[test]
    fn many_addresses_of_one_network_are_one_client() {
        let five = buckets(5, 1_000);
        let passed =
            (0..10_000).filter(|n| five.take(ip(&format!("2001:db8:1:1::{n:x}")), 1, 0).is_ok()).count();
        assert_eq!(passed, 5);
        let nets =
            (0..1_000).filter(|n| five.take(ip(&format!("2001:db8:2:{n:x}::1")), 1, 0).is_ok()).count();
        assert_eq!(nets, 40, "a network of 48 bits has 8 times as much");
        let sites = (0..1_000).filter(|n| five.take(ip(&format!("2001:db9:{n:x}::1")), 1, 0).is_ok()).count();
        assert_eq!(sites, 160, "a network of 32 bits has 32 times as much");
        assert_eq!(five.take(ip("::ffff:192.0.2.1"), 5, 0), Ok(()));
        assert!(five.take(ip("192.0.2.1"), 1, 0).is_err(), "a mapped address is its IPv4 address");
    }

    #[test]
    fn memory_is_bounded_whoever_comes() {
        let one = buckets(1, 1_000_000);
        for n in 0..200_000_u32 {
            let _ = one.take(IpAddr::from(std::net::Ipv4Addr::from_bits(n)), 1, 0);
        }
        let clients: usize = one.shards.iter().map(|shard| shard.lock().unwrap().len()).sum();
        assert!(clients <= SHARDS * CLIENTS_MAX, "{clients}");
    }

    #[test]
    fn connections_are_counted_and_given_back() {
        let connections = Connections::default();
        let held: Vec<_> = (0..3).map(|_| connections.enter(ip("192.0.2.1"), 3).unwrap()).collect();
        assert!(connections.enter(ip("192.0.2.1"), 3).is_none());
        assert!(connections.enter(ip("192.0.2.2"), 3).is_some());
        drop(held);
        assert!(connections.0.lock().unwrap().is_empty());
    }
}
