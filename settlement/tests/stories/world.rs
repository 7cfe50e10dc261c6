//! The words the stories are told in.

use settlement::{
    Currency, Inputs, Isrc, Kind, Line, Minor, NodeId, PartyId, Period, Place, Policy, ReducedRow,
    Reducer, Report, Settlement, Share, SplitEntry, SplitSheet, SplitSheets, Territory, Timestamp,
    Track, Venue, VenueId, Weighing, WorkId, settle,
};

pub fn node(host: &str) -> NodeId {
    NodeId::parse(&format!("https://{host}.example/actor")).unwrap()
}

pub fn party(host: &str, name: &str) -> PartyId {
    PartyId::parse(&format!("https://{host}.example/parties/{name}")).unwrap()
}

pub fn work(host: &str, name: &str) -> WorkId {
    WorkId::parse(&format!("https://{host}.example/works/{name}")).unwrap()
}

pub fn october() -> Period {
    "2026-10".parse().unwrap()
}

/// What a node's members used in October.
#[derive(Clone, Debug)]
pub struct Month {
    pub report: Report,
    pub lines: Vec<Line>,
}

impl Month {
    pub fn of(host: &str, territory: &str) -> Self {
        Month {
            report: Report {
                node: node(host),
                period: october(),
                sequence: 1,
                territory: territory.parse().unwrap(),
                currency: Currency::EURO,
                venues: Vec::new(),
                tracks: Vec::new(),
                reduction: Vec::new(),
            },
            lines: Vec::new(),
        }
    }

    pub fn in_currency(mut self, code: &str) -> Self {
        self.report.currency = code.parse().unwrap();
        self
    }

    /// A venue with its contribution; the plays told next are of its members.
    pub fn venue(mut self, name: &str, contribution: i128) -> Self {
        let id = self
            .report
            .node
            .as_str()
            .replace("actor", &format!("venues/{name}"));
        let contribution = Minor::new(contribution);
        self.report.venues.push(Venue {
            id: VenueId::parse(&id).unwrap(),
            contribution,
        });
        self
    }

    /// A work before it is played, where it is more than music without a home.
    pub fn knows(mut self, id: WorkId, isrc: Option<&str>, kind: Kind, home: Option<&str>) -> Self {
        let isrc = isrc.and_then(Isrc::as_reported);
        self.report.tracks.push(Track {
            id,
            isrc,
            kind,
            home: home.map(|home| home.parse().unwrap()),
        });
        self
    }

    /// So many plays of three minutes each.
    pub fn plays(self, member: u32, work: &WorkId, uses: u32) -> Self {
        self.plays_for(member, work, uses, u64::from(uses) * 180)
    }

    pub fn plays_for(mut self, member: u32, work: &WorkId, uses: u32, seconds: u64) -> Self {
        if !self.report.tracks.iter().any(|track| track.id == *work) {
            self = self.knows(work.clone(), None, Kind::Music, None);
        }
        let track = self
            .report
            .tracks
            .iter()
            .position(|track| track.id == *work)
            .unwrap();
        let venue = u32::try_from(self.report.venues.len() - 1).unwrap();
        self.lines.push(Line {
            venue,
            member,
            track: track.try_into().unwrap(),
            uses,
            seconds,
        });
        self
    }

    pub fn reduced(&self, policy: &Policy) -> Report {
        Report {
            reduction: reduce(policy, &self.report, &self.lines),
            ..self.report.clone()
        }
    }
}

/// The reduction of lines told in any order.
pub fn reduce(policy: &Policy, report: &Report, lines: &[Line]) -> Vec<ReducedRow> {
    let tracks = report.tracks.iter().map(|track| (track.kind, track.home));
    let weighing = Weighing::new(policy, report.territory, tracks);
    let mut reducer = Reducer::new(weighing, report.venues.len().try_into().unwrap(), None);
    let mut rows = Vec::new();
    let mut lines = lines.to_vec();
    lines.sort();
    for line in lines {
        reducer.push_line(line, &mut rows).unwrap();
    }
    reducer.finish(&mut rows).unwrap();
    rows
}

/// Shares of one entry: who, how much.
pub fn shares(shares: &[(PartyId, u32)]) -> Vec<Share> {
    shares
        .iter()
        .map(|(party, bp)| Share {
            party: party.clone(),
            role: "artist".into(),
            bp: *bp,
        })
        .collect()
}

/// A sheet from January 2026 on, with one entry for all the world.
pub fn sheet(work: &WorkId, of: &[(PartyId, u32)]) -> SplitSheet {
    sheet_in(work, None, &[(&["*"], of)])
}

/// An entry as it is told: where, and who has how much.
pub type Told<'a> = (&'a [&'a str], &'a [(PartyId, u32)]);

/// A sheet from January 2026 on, with when it was logged and its entries.
pub fn sheet_in(work: &WorkId, logged: Option<&str>, entries: &[Told<'_>]) -> SplitSheet {
    let entries = entries.iter().map(|(places, of)| {
        let places = places.iter().map(|place| Place::parse(place).unwrap());
        SplitEntry::new(places, shares(of)).unwrap()
    });
    let logged = logged.map(|logged| Timestamp::parse(logged).unwrap());
    SplitSheet::new(
        work.clone(),
        "2026-01-01".parse().unwrap(),
        logged,
        entries.collect(),
    )
    .unwrap()
}

/// The inputs of a settlement by our own policy, with a coordinator at `hub.example`.
pub fn inputs(policy: Policy, months: &[Month], sheets: Vec<SplitSheet>) -> Inputs {
    let mut splits = SplitSheets::new();
    for sheet in sheets {
        splits.insert(sheet).unwrap();
    }
    Inputs {
        period: october(),
        reports: months.iter().map(|month| month.reduced(&policy)).collect(),
        splits,
        disputes: Default::default(),
        policy,
        rates: None,
        balances: Default::default(),
        adjustments: Default::default(),
        coordinator: Some(node("hub")),
    }
}

/// What a work earned in a territory, in micros.
pub fn allocated(settlement: &Settlement, territory: &str, work: &WorkId) -> i128 {
    let territory: Territory = territory.parse().unwrap();
    let row = settlement
        .allocations()
        .iter()
        .find(|row| row.territory == territory && row.work == *work);
    row.expect("the work was used there").amount.get()
}

/// What a party earned, in micros.
pub fn earned(settlement: &Settlement, party: &PartyId) -> i128 {
    settlement
        .parties()
        .iter()
        .find(|row| row.party == *party)
        .map_or(0, |row| row.earned.get())
}

pub fn settled(inputs: &Inputs) -> Settlement {
    settle(inputs).unwrap()
}

/// All files of a settlement, one after the other.
pub fn bytes(settlement: &Settlement) -> String {
    [
        settlement.allocations_csv(),
        settlement.parties_csv(),
        settlement.nodes_csv(),
        settlement.held_csv(),
    ]
    .concat()
}
