//! Landlock: no file, no address, no process outside, whatever the kernel's version can deny.

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, RulesetAttr, RulesetCreated,
    RulesetError, RulesetStatus, Scope,
};

/// The newest interface whose rights are asked for. Older kernels enforce what they know of it.
const NEWEST: ABI = ABI::V9;

/// A ruleset without rules: everything that it handles is denied.
pub(super) struct Ruleset(RulesetCreated);

/// Makes the ruleset; `None` where the kernel has no Landlock.
pub(super) fn prepare() -> Option<Ruleset> {
    let create = || -> Result<RulesetCreated, RulesetError> {
        landlock::Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()
    };
    create().ok().map(Ruleset)
}

impl Ruleset {
    /// Denies this process what the ruleset handles; returns the version in force, 0 where nothing is.
    pub(super) fn enforce(self) -> u8 {
        let Ok(status) = self.0.restrict_self() else { return 0 };
        match (status.ruleset, status.landlock) {
            (RulesetStatus::NotEnforced, _) => 0,
            (_, LandlockStatus::Available { effective_abi, .. }) => effective_abi as u8,
            _ => 0,
        }
    }
}
