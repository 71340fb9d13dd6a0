using System.Runtime.CompilerServices;
using CvOps.Contracts.Api;
using CvOps.Fleet.Models;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Rollouts.Flight;

/// <param name="Days">Of records, back from now.</param>
/// <param name="BadRate">Share of parts that the challenger gives no prediction for. Without this and <paramref name="RejectRate"/>: what was recorded of it.</param>
/// <param name="RejectRate">Share of parts that it rejects, besides the champion's.</param>
/// <param name="Runs">Replays of the champion against itself.</param>
internal sealed record FlightQuestion(double Days, double? BadRate, double? RejectRate, int Runs, int Seed);

/// <summary>Replays recorded telemetry through a plan: what it would have stopped, when, at what exposure, and how often it would have been wrong. Changes nothing.</summary>
internal sealed class FlightDesk(RolloutPlanning planning, PlanningFleet fleet, DeviceGroups groups, ShiftStore shifts, FlightRecorder recorder, ModelRegistry registry, TimeProvider time)
{
    public const int MostRuns = 1000;

    /// <summary>Below it nothing a replay says is worth saying.</summary>
    private const int FewestParts = 100;

    public async IAsyncEnumerable<FlightLine> FlyAsync(RolloutPlan plan, FlightQuestion question, [EnumeratorCancellation] CancellationToken cancel)
    {
        yield return new FlightLine(0, question.Runs + 1);
        var draft = await planning.Draft(plan, cancel);
        if (draft.Mistakes.Count > 0)
        {
            yield return new FlightLine(0, question.Runs + 1, Mistakes: draft.Mistakes);
            yield break;
        }
        var candidates = await fleet.ReadAsync(plan.Strata.Contains(StratumOrder.Cluster), new Dictionary<string, string>(), cancel);
        var known = candidates.ToDictionary(device => device.Id);
        FlightHistory? read = null;
        await foreach (var page in recorder.ReadAsync(draft.Devices.Select(device => device.Device).ToHashSet(), time.GetUtcNow() - TimeSpan.FromDays(question.Days), draft.Plan.Model, RolloutFlight.StepOf(draft.Plan), cancel))
        {
            yield return new FlightLine(0, question.Runs + 1, Read: page.Read, ToRead: page.Of);
            read = page.History;
        }
        var history = read!;
        if (history.Seen.Parts < FewestParts)
        {
            yield return new FlightLine(0, question.Runs + 1, Mistakes: [new("", $"The fleet has recorded {history.Seen.Parts} parts of these devices in {question.Days:0.##} days; a replay needs {FewestParts} at least.")]);
            yield break;
        }
        var (names, siteShifts) = ((await groups.MembershipAsync(cancel)).Names.ToArray(), await shifts.ReadAsync(cancel));
        var challenger = new FlightChallenger(question.BadRate ?? 0, question.RejectRate ?? 0, question is { BadRate: null, RejectRate: null });
        var bytes = draft.Plan.Model is { } digest && await registry.FindAsync(digest, cancel) is { } package ? package.Bytes : 0;
        var flight = await Task.Run(() => new RolloutFlight(draft.Plan, draft.Devices, known, history, challenger, siteShifts, bytes, question.Seed).Fly(), cancel);
        var (stops, pauses, zTests, thresholds) = (0, 0, 0, 0);
        for (var run = 0; run < question.Runs; run++)
        {
            yield return new FlightLine(run + 1, question.Runs + 1);
            var seed = question.Seed + run + 1;
            var outcome = await Task.Run(() =>
            {
                // Another payload draws other canaries: a split of the same fleet by lot.
                var lot = draft.Plan with { Model = $"{draft.Plan.Payload}-{seed}", Configuration = null };
                return new RolloutFlight(lot, RingPlanner.Assign(lot, candidates, names).Devices, known, history, FlightChallenger.Champion, siteShifts, bytes, seed).Fly();
            }, cancel);
            if (outcome.End == FlightEnd.Stopped) stops++;
            if (outcome.End == FlightEnd.Paused) pauses++;
            zTests += outcome.Rivals[0].Stops;
            thresholds += outcome.Rivals[1].Stops;
        }
        yield return new FlightLine(question.Runs + 1, question.Runs + 1, new FlightReport
        {
            From = history.From, To = history.To, Parts = history.Seen.Parts, Devices = draft.Devices.Length, Flight = flight, Runs = question.Runs, Pauses = pauses,
            FalseStops = [new FlightRival("this plan", stops), new FlightRival(FlightRivals.ZTest, zTests), new FlightRival(FlightRivals.Threshold, thresholds)],
            StatedRisk = draft.Plan.Guardrails.FalseStopRisk, Sources = FlightSources.Of(draft.Plan, question, history, bytes), Notes = [.. Notes(draft.Plan, question, history, flight)],
        });
    }

    private static IEnumerable<string> Notes(RolloutPlan plan, FlightQuestion question, FlightHistory history, FlightOutcome flight)
    {
        var days = (history.To - history.From).TotalDays;
        if (days < 0.9 * question.Days) yield return $"The records of these devices span {days:0.#} days, not {question.Days:0.##}.";
        if (history.Step > RolloutFlight.StepOf(plan)) yield return $"So much is recorded that the replay looks only every {history.Step.TotalMinutes:0.#} min: times are that coarse.";
        if (flight.End == FlightEnd.HistoryEnded) yield return "The records are too short to see the end of this plan.";
        if (question is { BadRate: null, RejectRate: null } && history.Seen is { Shadowed: 0, InCharge: 0 })
            yield return "This model never inspected anything here, nor in shadow: the challenger is the champion itself. Give a bad rate or a reject rate to see it stopped.";
    }
}
