//! Memory of the server's process while it signs what is large.

use std::thread;
use std::time::Duration;

use rubrica::domain::algorithm::KeyAlgorithm;

use super::{SMALL, Stage};
use crate::report::{Row, mebibytes};
use crate::rig::document::Sample;

/// How long it is left alone before what it holds counts as idle.
const REST: Duration = Duration::from_millis(500);

/// One large PDF.
pub(super) fn pdf(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<()> {
    let size = if stage.plan.quick {
        row.scaled_down("a PDF of 100 MB and not 500");
        100_000_000
    } else {
        500_000_000
    };
    signing(stage, row, &Sample::pdf(size))
}

/// One large file beside which its signature lies.
pub(super) fn cades(stage: &mut Stage<'_>, row: &mut Row) -> anyhow::Result<()> {
    let size = if stage.plan.quick {
        row.scaled_down("a file of 200 MB and not 1 GB");
        200_000_000
    } else {
        1_000_000_000
    };
    signing(stage, row, &Sample::file(size))
}

/// Above what the process holds after its first signature: then its libraries, pools and connections are there.
fn signing(stage: &Stage<'_>, row: &mut Row, sample: &Sample) -> anyhow::Result<()> {
    let citizens = stage.scene()?.citizens(1, KeyAlgorithm::Rsa3072)?;
    let served = stage.serve()?;
    let mut visitor = served.visitor()?;
    for citizen in &citizens {
        for _ in 0..20 {
            visitor.sign(citizen, &Sample::pdf(SMALL), 1)?;
        }
        thread::sleep(REST);
        let idle = served.server.memory()?.resident;
        let above = |bytes: u64| mebibytes(bytes.saturating_sub(idle));
        served.server.forget_peak()?;
        let at_code = visitor.ask(citizen, sample, 1)?;
        let uploading = served.server.memory()?.peak;
        served.server.forget_peak()?;
        visitor.confirm(citizen, &at_code)?;
        let signing = served.server.memory()?.peak;
        row.add(above(uploading.max(signing)));
        row.note(format!(
            "idle {:.1} MiB; above it {:.1} MiB during the upload and {:.1} MiB from the code to the signed file",
            mebibytes(idle),
            above(uploading),
            above(signing)
        ));
    }
    Ok(())
}
