using System.Runtime.CompilerServices;
using CvOps.Contracts.Api;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Rollouts.Flight;

/// <param name="Days">Of records, back from now.</param>
/// <param name="BadRate">Share of parts that the challenger gives no prediction for; null: what it said in shadow, where that was recorded.</param>
/// <param name="Runs">Replays of the champion against itself.</param>
internal sealed record FlightQuestion(double Days, double? BadRate, int Runs, int Seed);

/// <summary>Replays recorded telemetry through a plan: what it would have stopped, when, at what exposure, and how often it would have been wrong. Changes nothing.</summary>
internal sealed class FlightDesk(RolloutPlanning planning, PlanningFleet fleet, DeviceGroups groups, ShiftStore shifts, FlightRecorder recorder, TimeProvider time)
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
        var history = await recorder.ReadAsync(draft.Devices.Select(device => device.Device).ToHashSet(), time.GetUtcNow() - TimeSpan.FromDays(question.Days), draft.Plan.Payload, cancel);
        if (history.Parts < FewestParts)
        {
            yield return new FlightLine(0, question.Runs + 1, Mistakes: [new("", $"The fleet has recorded {history.Parts} parts of these devices in {question.Days:0.##} days; a replay needs {FewestParts} at least.")]);
            yield break;
        }
        var (names, siteShifts) = ((await groups.MembershipAsync(cancel)).Names.ToArray(), await shifts.ReadAsync(cancel));
        var challenger = new FlightChallenger(question.BadRate ?? 0, question.BadRate is null);
        var flight = await Task.Run(() => new RolloutFlight(draft.Plan, draft.Devices, known, history, challenger, siteShifts, question.Seed).Fly(), cancel);
        var (stops, pauses, zTests, thresholds) = (0, 0, 0, 0);
        for (var run = 0; run < question.Runs; run++)
        {
            yield return new FlightLine(run + 1, question.Runs + 1);
            var seed = question.Seed + run + 1;
            var outcome = await Task.Run(() =>
            {
                // Another payload draws other canaries: a split of the same fleet by lot.
                var lot = draft.Plan with { Model = $"{draft.Plan.Payload}-{seed}", Configuration = null };
                return new RolloutFlight(lot, RingPlanner.Assign(lot, candidates, names).Devices, known, history, FlightChallenger.Champion, siteShifts, seed).Fly();
            }, cancel);
            if (outcome.End == FlightEnd.Stopped) stops++;
            if (outcome.End == FlightEnd.Paused) pauses++;
            zTests += outcome.Rivals[0].Stops;
            thresholds += outcome.Rivals[1].Stops;
        }
        yield return new FlightLine(question.Runs + 1, question.Runs + 1, new FlightReport
        {
            From = history.From, To = history.To, Parts = history.Parts, Devices = draft.Devices.Length, Flight = flight, Runs = question.Runs, Pauses = pauses,
            FalseStops = [new FlightRival("this plan", stops), new FlightRival(FlightRivals.ZTest, zTests), new FlightRival(FlightRivals.Threshold, thresholds)],
            StatedRisk = draft.Plan.Guardrails.FalseStopRisk, Notes = [.. Notes(draft.Plan, question, history, flight)],
        });
    }

    private static IEnumerable<string> Notes(RolloutPlan plan, FlightQuestion question, FlightHistory history, FlightOutcome flight)
    {
        var days = (history.To - history.From).TotalDays;
        if (days < 0.9 * question.Days) yield return $"The records of these devices span {days:0.#} days, not {question.Days:0.##}.";
        if (history.Cut) yield return "More was recorded than is replayed; the oldest was left out.";
        if (flight.End == FlightEnd.HistoryEnded) yield return "The records are too short to see the end of this plan.";
        if (question.BadRate is null && !history.Devices.Values.Any(parts => parts.Any(part => part.Shadowed)))
            yield return "This model was never in shadow here: the challenger is the champion itself. Give a bad rate to see it stopped.";
        yield return "Replayed are failed inferences, confidence and what shadows said. Rejects, latency, drift and restarts are not recorded part by part; nobody judges frames, every device is online, and approvals come at once.";
        if (plan.Limits.BytesPerSecond is not null) yield return "Bandwidth is not replayed.";
    }
}
