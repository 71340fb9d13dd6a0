namespace CvOps.Fleet.Rollouts;

/// <summary>What can happen to a rollout. Stored by name, as the trigger of a transition.</summary>
internal enum RolloutEvent
{
    /// <summary>A person lets a draft loose.</summary>
    StartAsked,

    /// <summary>Its time has come and the plan compares before any device changes.</summary>
    ShadowBegun,

    /// <summary>The first ring may change.</summary>
    Start,

    /// <summary>The ring that is next needs a person's approval.</summary>
    ApprovalNeeded,

    /// <summary>A person approves; the ring decides where it goes on: the canary, or a later ring.</summary>
    ApprovedForCanary,
    ApprovedForAdvance,

    /// <summary>Every device of the ring runs the payload, failed within what the guardrails allow, or is skipped.</summary>
    RingTaken,

    /// <summary>The gate let the ring through and another follows.</summary>
    RingPassed,

    /// <summary>The gate let the last ring through.</summary>
    LastRingPassed,

    /// <summary>The gate can't say, and has waited long enough.</summary>
    Inconclusive,

    /// <summary>A metric shifted, or the models disagree on more than the plan allows: judged frames, or a person's resume, have to answer that.</summary>
    ShiftSeen,

    /// <summary>The gate says that the payload must go.</summary>
    GateStopped,

    /// <summary>The payload was revoked in the registry, or its package is gone.</summary>
    PayloadRevoked,
    PayloadMissing,

    /// <summary>Devices stay away for longer than the plan waits.</summary>
    DevicesOffline,

    /// <summary>The plan's time is over.</summary>
    Expired,

    /// <summary>Everything was stopped.</summary>
    EmergencyStopped,

    PauseAsked,

    /// <summary>A person resumes; where it was paused decides where it goes on.</summary>
    ResumedInSchedule,
    ResumedInShadow,
    ResumedInCanary,
    ResumedInAdvance,
    ResumedInSoak,
    ResumedInApproval,

    /// <summary>A person has the ring's failed devices try once more.</summary>
    RetriedInCanary,
    RetriedInAdvance,

    RollbackAsked,
    AbortAsked,

    /// <summary>Every touched device has been told to take back what it had.</summary>
    ReturnsAssigned,

    /// <summary>Every touched device reports what it had.</summary>
    AllReturned,
}
