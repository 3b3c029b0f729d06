//! A process starts with what its ledger kept.

use crate::{
    decide::draft::Draft,
    decision::{Answer, Note, Reply},
    event::What,
    record::Record,
    rows::MetaRow,
};

/// Raises the generation, forgets what was in flight, gives loaded leases one fresh lifetime and looks
/// what every job needs.
pub(crate) fn start(d: &mut Draft<'_>) -> Answer {
    // A ledger that was lost forgot its own number; those of the jobs were read back from the store.
    let of_jobs = d.state.jobs.values().map(|j| j.row.generation).max().unwrap_or(0);
    let generation = d.state.meta.generation.max(of_jobs).saturating_add(1);
    d.record(Record::Meta(MetaRow { generation }));
    d.note(Note::Reset);
    d.note(Note::FreshLifetime { deadline: d.now.saturating_add(d.state.settings.lease_ttl_ms) });
    let (jobs, leases) = (d.state.jobs.len(), d.state.deadlines.len());
    d.event(None, What::Started { generation, jobs, leases });
    for job in d.state.jobs.keys() {
        d.advance(job);
    }
    Reply::Done.into()
}
