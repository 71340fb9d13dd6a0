using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Benchmarks;

/// <summary>
/// Whether a first ring of 100 devices meets what is wrong with a fleet of 10,000: in three kinds of device, 2 % of it each, the new model is bad, and nobody knows
/// which. It is found out where the ring has a device of each of the three. Rivals: the order in which devices were commissioned, line by line, and lots.
/// </summary>
internal static class StrataBench
{
    private const int Devices = 10_000;
    private const int Wave = 100;
    private const int Bad = 3;
    private const int BadDevices = Devices / 50;
    private const int Kinds = 60;
    private const int Fleets = 400;

    private static readonly RolloutPlan Plan = new()
    {
        Name = "new", Model = new string('b', 64), Everything = true, Rings = [new RolloutRing("canary", Count: Wave), new RolloutRing("everyone", Percent: 100)], Strata = ["camera", "lighting"],
    };

    public static Task<IReadOnlyList<Figure>> RunAsync()
    {
        var (stratified, commissioned, lots, byKind) = (0, 0, 0, new double[3]);
        for (var seed = 0; seed < Fleets; seed++)
        {
            var chance = new Random(seed);
            var fleet = Draw(chance);
            var ring = RingPlanner.Assign(Plan, fleet, []).Devices.Where(device => device.Ring == 0).Select(device => device.Device).ToHashSet();
            stratified += Seen([.. fleet.Where(device => ring.Contains(device.Id))], byKind, 0);
            commissioned += Seen(fleet[..Wave], byKind, 1);
            chance.Shuffle(fleet);
            lots += Seen(fleet[..Wave], byKind, 2);
        }
        var (ours, theirs, random) = (stratified / (double)Fleets, commissioned / (double)Fleets, lots / (double)Fleets);
        var kinds = byKind.Select(seen => seen / Fleets / Bad).ToArray();
        var about = $"{Fleets} fleets of {Devices:N0} devices in {Kinds} kinds, ring of {Wave}";
        return Task.FromResult<IReadOnlyList<Figure>>(
        [
            Figure.AtLeast("bad kinds of 2 % that the first ring meets / by date", kinds[0] / kinds[1], 3, $"{kinds[0]:P0} against {kinds[1]:P0} in the order of commissioning, {about}"),
            Figure.AtLeast("first ring meets all 3 bad kinds of 2 % / by lot", ours / random, 1.3, $"in {ours:P0} of the fleets against {random:P0} by lot and {theirs:P0} by date; each kind {kinds[0]:P0} against {kinds[2]:P0}"),
        ]);
    }

    private static int Seen(IReadOnlyList<Candidate> wave, double[] byKind, int way)
    {
        var seen = wave.Select(device => device.Labels["kind"]).Where(kind => kind.StartsWith("bad", StringComparison.Ordinal)).Distinct().Count();
        byKind[way] += seen;
        return seen == Bad ? 1 : 0;
    }

    /// <summary>Kinds of very different sizes, commissioned one line after the other: a line has one kind of device.</summary>
    private static Candidate[] Draw(Random chance)
    {
        var weights = Enumerable.Range(0, Kinds - Bad).Select(_ => -Math.Log(1 - chance.NextDouble())).ToArray();
        var lines = new List<(int Kind, int Devices)>();
        for (var bad = 0; bad < Bad; bad++) lines.AddRange(Enumerable.Range(0, 10).Select(_ => (bad, BadDevices / 10)));
        var rest = Devices - Bad * BadDevices;
        for (var left = rest; left > 0;)
        {
            var size = Math.Min(left, chance.Next(10, 40));
            left -= size;
            lines.Add((Bad + Pick(chance, weights), size));
        }
        var order = lines.ToArray();
        chance.Shuffle(order);
        var number = 0;
        return
        [
            .. order.SelectMany((line, l) => Enumerable.Range(0, line.Devices).Select(_ => new Candidate(
                new DeviceId($"d{number++:00000}"), new SiteId($"plant-{l % 12}"), Labels(line.Kind < Bad ? $"bad-{line.Kind}" : "good", line.Kind), new ModelRef("line", "1", new string('a', 64)), null))),
        ];
    }

    /// <summary>The planner knows camera and lighting; which of their combinations are bad, it does not.</summary>
    private static Dictionary<string, string> Labels(string kind, int number) =>
        new() { ["kind"] = kind, ["camera"] = $"camera-{number % 10}", ["lighting"] = $"lighting-{number / 10}" };

    private static int Pick(Random chance, double[] weights)
    {
        var at = chance.NextDouble() * weights.Sum();
        for (var i = 0; ; i++)
            if ((at -= weights[i]) <= 0 || i == weights.Length - 1) return i;
    }
}
