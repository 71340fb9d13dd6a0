using CvOps.Contracts.Twin;

namespace CvOps.Agent.Programs;

/// <param name="Program">Null: whatever runs may stay.</param>
/// <param name="ByHand">A person brought it to the device.</param>
internal sealed record ProgramWanted(DesiredProgram? Program, bool ByHand);

/// <summary>What a wish asks of a device whose program is not on trial. Pure.</summary>
internal static class ProgramWishDecision
{
    /// <summary>True where the fleet says what it said before: nothing follows, however the last time ended.</summary>
    public static bool IsOld(ProgramRecord now, ProgramWanted wanted) =>
        !wanted.ByHand && (wanted.Program?.Digest, wanted.Program?.Attempt ?? 0) == (now.WishedDigest, now.WishedAttempt);

    /// <param name="installed">Which program is installed.</param>
    /// <returns>The record to enter.</returns>
    public static ProgramRecord Next(ProgramRecord now, ProgramWanted wanted, string installed, DateTimeOffset at)
    {
        // An address may be fresh: the one in use may be over.
        if (IsOld(now, wanted)) return wanted.Program is { } same && same.Digest == now.Target?.Digest ? now with { Target = same } : now;
        if (!wanted.ByHand) now = now with { WishedDigest = wanted.Program?.Digest, WishedAttempt = wanted.Program?.Attempt ?? 0 };
        if (ProgramMachine.IsBusy(now.State)) now = Entered(now, ProgramEvent.Superseded, at) with { Reason = null };
        if (wanted.Program is not { } program) return now;
        now = now with { Target = program, Over = installed, Reason = null, Resumes = 0 };
        return Entered(now, now.In(now.Charge)?.Digest == program.Digest ? ProgramEvent.InCharge : now.In(now.Free)?.Digest == program.Digest ? ProgramEvent.Kept : ProgramEvent.Wanted, at);
    }

    private static ProgramRecord Entered(ProgramRecord record, ProgramEvent what, DateTimeOffset now) => record with { State = ProgramMachine.Next(record.State, what), Since = now };
}
