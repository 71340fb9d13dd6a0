using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Training;

/// <param name="From">The trial whose configuration it is and whose checkpoints it goes on from; null for a new one.</param>
internal sealed record PlannedTrial(int Number, IReadOnlyDictionary<string, JsonElement> Parameters, int Round, string? From);

/// <param name="Start">Trials that have to begin now.</param>
/// <param name="Ended">Nothing more will begin, and nothing runs.</param>
/// <param name="Best">The best trial so far.</param>
internal sealed record SearchStep(IReadOnlyList<PlannedTrial> Start, bool Ended, TrainingTrial? Best);

/// <summary>
/// What a hyper-parameter search does next. Random search (Bergstra and Bengio, JMLR 13, 2012) draws every trial at once; successive halving (Jamieson and
/// Talwalkar, AISTATS 2016) gives all a little of the resource and the best of each round more. Pure: the same seed draws the same trials.
/// </summary>
internal static class SearchRule
{
    /// <param name="trials">All there are, in their order.</param>
    /// <param name="most">Runs of the budget.</param>
    public static SearchStep Next(TrainingSearch search, IReadOnlyDictionary<string, JsonElement> common, int seed, IReadOnlyList<TrainingTrial> trials, int most)
    {
        var open = trials.Any(trial => !TrainingMachine.IsEnded(trial.State));
        var start = new List<PlannedTrial>();
        if (trials.Count == 0)
        {
            for (var number = 1; number <= Math.Min(search.Runs, most); number++) start.Add(new PlannedTrial(number, Resourced(search, Draw(search, common, seed, number), 0), 0, null));
        }
        else if (search.Kind == TrainingSearchKind.Halving && !open && Promoted(search, trials) is { Count: > 0 } promoted)
        {
            foreach (var trial in promoted.Take(Math.Max(0, most - trials.Count)))
                start.Add(new PlannedTrial(trials.Count + start.Count + 1, Resourced(search, trial.Parameters, trial.Round + 1), trial.Round + 1, trial.Run));
        }
        return new SearchStep(start, start.Count == 0 && !open, Best(search, trials));
    }

    /// <summary>The best of the last round that brought a figure: trials with unlike resources do not compare.</summary>
    public static TrainingTrial? Best(TrainingSearch search, IReadOnlyList<TrainingTrial> trials)
    {
        var measured = trials.Where(trial => trial.Score is not null).ToArray();
        return measured.Length == 0 ? null : Ranked(search, measured.Where(trial => trial.Round == measured.Max(other => other.Round)))[0];
    }

    /// <summary>The rounds of successive halving: how many trials, with how much of the resource.</summary>
    public static IReadOnlyList<(int Runs, double Resource)> Rounds(TrainingSearch search)
    {
        var rounds = new List<(int, double)>();
        var (runs, resource) = (search.Runs, search.Least);
        while (true)
        {
            rounds.Add((runs, resource));
            if (resource >= search.Most) return rounds;
            (runs, resource) = (Math.Max(1, runs / search.Factor), Math.Min(search.Most, resource * search.Factor));
        }
    }

    /// <summary>A trial's round, by how much of the resource it was given.</summary>
    public static int RoundOf(TrainingSearch search, IReadOnlyDictionary<string, JsonElement> parameters)
    {
        if (search is not { Kind: TrainingSearchKind.Halving, Resource: { } resource } || !parameters.TryGetValue(resource, out var given)) return 0;
        var rounds = Rounds(search);
        return Enumerable.Range(0, rounds.Count).First(round => Math.Round(rounds[round].Resource) == given.GetDouble());
    }

    private static List<TrainingTrial> Promoted(TrainingSearch search, IReadOnlyList<TrainingTrial> trials)
    {
        var (rounds, last) = (Rounds(search), trials.Max(trial => trial.Round));
        if (last + 1 >= rounds.Count) return [];
        return [.. Ranked(search, trials.Where(trial => trial.Round == last && trial.Score is not null)).Take(rounds[last + 1].Runs)];
    }

    private static List<TrainingTrial> Ranked(TrainingSearch search, IEnumerable<TrainingTrial> trials) =>
        [.. search.Minimise ? trials.OrderBy(trial => trial.Score) : trials.OrderByDescending(trial => trial.Score)];

    private static Dictionary<string, JsonElement> Resourced(TrainingSearch search, IReadOnlyDictionary<string, JsonElement> parameters, int round)
    {
        var with = new Dictionary<string, JsonElement>(parameters);
        if (search is { Kind: TrainingSearchKind.Halving, Resource: { } resource }) with[resource] = Number(Math.Round(Rounds(search)[round].Resource));
        return with;
    }

    private static Dictionary<string, JsonElement> Draw(TrainingSearch search, IReadOnlyDictionary<string, JsonElement> common, int seed, int number)
    {
        // A seeded System.Random keeps its algorithm between versions of .NET.
        var random = new Random(HashCode(seed, number));
        var drawn = new Dictionary<string, JsonElement>(common);
        foreach (var (name, dimension) in search.Space.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            if (dimension.Values is { Count: > 0 } values)
            {
                drawn[name] = values[random.Next(values.Count)];
                continue;
            }
            var (low, high) = (dimension.Low!.Value, dimension.High!.Value);
            var value = dimension.Log ? Math.Exp(Math.Log(low) + random.NextDouble() * (Math.Log(high) - Math.Log(low))) : low + random.NextDouble() * (high - low);
            drawn[name] = Number(dimension.Whole ? Math.Round(value) : value);
        }
        return drawn;
    }

    /// <summary>System.HashCode is another one in every process.</summary>
    private static int HashCode(int seed, int number) => unchecked(seed * 1_000_003 + number * 7919);

    private static JsonElement Number(double value) => JsonSerializer.SerializeToElement(value, ContractsJson.Default.Double);
}
