//! The standard library: declarations in `stdlib/*.dbf`, kernels by name, and the estimate of any
//! expression. One declaration a builtin; a test holds declarations and kernels equal.

pub mod by_group;
mod kernels;
pub mod measure;

pub use kernels::kernels;

use crate::check::StdModule;

/// The modules of the standard library, embedded.
pub const STD: &[StdModule] = &[
    StdModule {
        path: "std.metrics",
        file: "stdlib/metrics/classification.dbf",
        text: include_str!("../../stdlib/metrics/classification.dbf"),
    },
    StdModule {
        path: "std.metrics",
        file: "stdlib/metrics/ranking.dbf",
        text: include_str!("../../stdlib/metrics/ranking.dbf"),
    },
    StdModule {
        path: "std.metrics",
        file: "stdlib/metrics/calibration.dbf",
        text: include_str!("../../stdlib/metrics/calibration.dbf"),
    },
    StdModule {
        path: "std.metrics",
        file: "stdlib/metrics/fairness.dbf",
        text: include_str!("../../stdlib/metrics/fairness.dbf"),
    },
    StdModule {
        path: "std.metrics",
        file: "stdlib/metrics/agreement.dbf",
        text: include_str!("../../stdlib/metrics/agreement.dbf"),
    },
    StdModule {
        path: "std.metrics",
        file: "stdlib/metrics/inference.dbf",
        text: include_str!("../../stdlib/metrics/inference.dbf"),
    },
    StdModule {
        path: "std.metrics",
        file: "stdlib/metrics/resampling.dbf",
        text: include_str!("../../stdlib/metrics/resampling.dbf"),
    },
    StdModule {
        path: "std.metrics",
        file: "stdlib/metrics/text.dbf",
        text: include_str!("../../stdlib/metrics/text.dbf"),
    },
    StdModule {
        path: "std.metrics",
        file: "stdlib/metrics/distance.dbf",
        text: include_str!("../../stdlib/metrics/distance.dbf"),
    },
    StdModule {
        path: "std.metrics",
        file: "stdlib/metrics/disclosure.dbf",
        text: include_str!("../../stdlib/metrics/disclosure.dbf"),
    },
    StdModule {
        path: "std.metrics",
        file: "stdlib/metrics/synthetic.dbf",
        text: include_str!("../../stdlib/metrics/synthetic.dbf"),
    },
    StdModule {
        path: "std.metrics",
        file: "stdlib/metrics/explanation.dbf",
        text: include_str!("../../stdlib/metrics/explanation.dbf"),
    },
    StdModule {
        path: "std.metrics",
        file: "stdlib/metrics/compliance.dbf",
        text: include_str!("../../stdlib/metrics/compliance.dbf"),
    },
    StdModule { path: "std.formulas", file: "stdlib/formulas.dbf", text: include_str!("../../stdlib/formulas.dbf") },
    StdModule { path: "std.proposal", file: "stdlib/proposal.dbf", text: include_str!("../../stdlib/proposal.dbf") },
    StdModule {
        path: "std.policy.accreditation",
        file: "stdlib/policy/accreditation.dbf",
        text: include_str!("../../stdlib/policy/accreditation.dbf"),
    },
    StdModule {
        path: "std.policy.ai_act",
        file: "stdlib/policy/ai_act.dbf",
        text: include_str!("../../stdlib/policy/ai_act.dbf"),
    },
    StdModule {
        path: "std.policy.civil_rights",
        file: "stdlib/policy/civil_rights.dbf",
        text: include_str!("../../stdlib/policy/civil_rights.dbf"),
    },
    StdModule {
        path: "std.policy.disclosure",
        file: "stdlib/policy/disclosure.dbf",
        text: include_str!("../../stdlib/policy/disclosure.dbf"),
    },
    StdModule {
        path: "std.policy.fda",
        file: "stdlib/policy/fda.dbf",
        text: include_str!("../../stdlib/policy/fda.dbf"),
    },
    StdModule {
        path: "std.policy.gdpr",
        file: "stdlib/policy/gdpr.dbf",
        text: include_str!("../../stdlib/policy/gdpr.dbf"),
    },
    StdModule {
        path: "std.policy.hipaa",
        file: "stdlib/policy/hipaa.dbf",
        text: include_str!("../../stdlib/policy/hipaa.dbf"),
    },
    StdModule {
        path: "std.policy.onc",
        file: "stdlib/policy/onc.dbf",
        text: include_str!("../../stdlib/policy/onc.dbf"),
    },
    StdModule {
        path: "std.policy.part2",
        file: "stdlib/policy/part2.dbf",
        text: include_str!("../../stdlib/policy/part2.dbf"),
    },
    StdModule {
        path: "std.policy.privacy",
        file: "stdlib/policy/privacy.dbf",
        text: include_str!("../../stdlib/policy/privacy.dbf"),
    },
    StdModule {
        path: "std.policy.reporting",
        file: "stdlib/policy/reporting.dbf",
        text: include_str!("../../stdlib/policy/reporting.dbf"),
    },
    StdModule {
        path: "std.policy.text",
        file: "stdlib/policy/text.dbf",
        text: include_str!("../../stdlib/policy/text.dbf"),
    },
];
