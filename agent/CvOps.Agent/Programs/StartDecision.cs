using CvOps.Contracts.Twin;

namespace CvOps.Agent.Programs;

/// <param name="Record">To be on disk before anything is started.</param>
/// <param name="Run">The slot to start; null: the installed program, which is asking.</param>
internal readonly record struct StartChoice(ProgramRecord Record, ProgramSlot? Run);

/// <summary>Which program a start of the agent is. Pure.</summary>
internal static class StartDecision
{
    /// <summary>Starts a program on trial has; one may have had bad luck.</summary>
    public const int TrialStarts = 2;

    /// <summary>Starts of the program in charge that may end early before the one before it is taken. More than a model has: the model is suspected first.</summary>
    public const int UnprovenStartLimit = 5;

    /// <param name="installed">Which program is installed; see <see cref="ProgramLaunch.Installed"/>.</param>
    public static StartChoice Choose(ProgramRecord found, string installed, DateTimeOffset now)
    {
        var concerned = found.Charge is not null || found.Trial is not null || ProgramMachine.IsBusy(found.State);
        if (concerned && found.Over is { } over && over != installed)
        {
            // Whoever installs a program at the device has the last word, be it newer or older.
            var version = found.In(found.Charge)?.Version ?? found.Target?.Version;
            return new StartChoice(Entered(found, ProgramEvent.OtherInstalled, now) with
            {
                Charge = null, Previous = null, Trial = null, Over = installed,
                Reason = $"{ProgramLaunch.VersionOf(installed)} was installed on the device in place of {ProgramLaunch.VersionOf(over)}: it wins over {version}, which had been brought here before.",
            }, null);
        }
        if (found is { State: ProgramState.Trial, Trial: { } trial })
        {
            if (found.Starts < TrialStarts) return new StartChoice(found with { Starts = found.Starts + 1 }, trial);
            found = TakenBack(found, Epitaph(found), now);
        }
        return Charged(found, now);
    }

    /// <summary>A slot that was chosen can't be started.</summary>
    /// <param name="why">A sentence.</param>
    public static ProgramRecord Refused(ProgramRecord record, ProgramSlot slot, string why, DateTimeOffset now) =>
        record.Trial == slot ? TakenBack(record, why, now).With(slot, null) : GivenUp(record, why, now).With(slot, null);

    /// <summary>The program on trial did not prove itself.</summary>
    public static ProgramRecord TakenBack(ProgramRecord record, string why, DateTimeOffset now) => Entered(record, ProgramEvent.Broke, now) with { Trial = null, Starts = 0, Reason = why };

    private static StartChoice Charged(ProgramRecord found, DateTimeOffset now)
    {
        while (found.Charge is not null && found.UnprovenStarts >= UnprovenStartLimit)
            found = GivenUp(found, $"{found.In(found.Charge)?.Version} ended {found.UnprovenStarts} times in a row soon after its start.", now);
        return found.Charge is { } charge ? new StartChoice(found with { UnprovenStarts = found.UnprovenStarts + 1 }, charge) : new StartChoice(found, null);
    }

    private static ProgramRecord GivenUp(ProgramRecord record, string why, DateTimeOffset now) =>
        Entered(record, ProgramEvent.ChargeDied, now) with { Charge = record.Previous, Previous = null, Trial = null, UnprovenStarts = 0, Reason = why };

    private static string Epitaph(ProgramRecord found)
    {
        var what = found.WasReady ? "was ready and ended before it had proven itself" : "never became ready";
        return $"{found.Target?.Version} {what}, in {found.Starts} starts{(found.LastWords is { } words ? $"; it said: {words}" : ".")}";
    }

    private static ProgramRecord Entered(ProgramRecord record, ProgramEvent what, DateTimeOffset now) => record with { State = ProgramMachine.Next(record.State, what), Since = now };
}
