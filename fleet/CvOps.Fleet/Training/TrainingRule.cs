using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Fleet.Training;

/// <summary>What a request must be, before anything is asked of the stores: pure.</summary>
internal static class TrainingRule
{
    private const int MostParameters = 200;

    /// <summary>Every mistake, each a sentence.</summary>
    public static IEnumerable<string> Mistakes(TrainingRequest request, IReadOnlyCollection<string> trainers)
    {
        if (string.IsNullOrWhiteSpace(request.Version) || string.IsNullOrWhiteSpace(request.By)) yield return "Give the new model a version and say who asks (by).";
        if (!(request.L2 >= 0) || !double.IsFinite(request.L2)) yield return $"The L2 penalty must be 0 or more, not {request.L2}.";
        if (request.Priority is < -100 or > 100) yield return $"The priority must lie between -100 and 100, not {request.Priority}.";
        foreach (var mistake in TrainerMistakes(request.Trainer, request.Parameters, trainers)) yield return mistake;
        if (request.Budget?.WallTime is { } wall && wall <= TimeSpan.Zero) yield return "A budget's wallTime must be longer than nothing, such as 00:10:00.";
        if (request.Budget?.Runs is { } runs && (runs < 1 || request.Search is null)) yield return "A budget's runs are of a search, and at least 1.";
        if (request.Search is { } search)
            foreach (var mistake in Mistakes(search)) yield return mistake;
    }

    public static IEnumerable<string> TrainerMistakes(string trainer, IReadOnlyDictionary<string, JsonElement>? parameters, IReadOnlyCollection<string> trainers)
    {
        if (!trainers.Contains(trainer)) yield return $"There is no trainer '{trainer}'; there are {string.Join(", ", trainers)}.";
        if (parameters is { Count: > MostParameters }) yield return $"A request may have {MostParameters} parameters; this one has {parameters.Count}.";
    }

    /// <summary>What the trainer is told: the request's parameters, and for the head its l2.</summary>
    public static IReadOnlyDictionary<string, JsonElement> ParametersOf(TrainingRequest request)
    {
        var parameters = new Dictionary<string, JsonElement>(request.Parameters ?? new Dictionary<string, JsonElement>());
        if (request.Trainer == TrainerCatalog.Head) parameters.TryAdd("l2", JsonSerializer.SerializeToElement(request.L2, ContractsJson.Default.Double));
        return parameters;
    }

    private static IEnumerable<string> Mistakes(TrainingSearch search)
    {
        if (search.Runs is < 1 or > TrainingSearchRunner.MostTrials) yield return $"A search has 1 to {TrainingSearchRunner.MostTrials} runs, not {search.Runs}.";
        if (string.IsNullOrWhiteSpace(search.Metric)) yield return "Say which metric the search ranks by, such as crossValidatedAccuracy.";
        if (search.Space.Count == 0) yield return "A search needs at least one parameter in its space.";
        foreach (var (name, dimension) in search.Space)
        {
            var range = dimension is { Low: { } low, High: { } high } && double.IsFinite(low) && double.IsFinite(high) && low <= high;
            if (dimension.Values is { Count: > 0 } == range) yield return $"'{name}' of the search's space needs either values or a range from low to high.";
            else if (range && dimension.Log && dimension.Low <= 0) yield return $"'{name}' is drawn by its logarithm, so low must be above 0.";
        }
        if (search.Kind != TrainingSearchKind.Halving) yield break;
        if (string.IsNullOrWhiteSpace(search.Resource)) yield return "Successive halving needs a resource: the parameter that grows, such as epochs.";
        else if (search.Space.ContainsKey(search.Resource)) yield return $"'{search.Resource}' is the resource and can't be drawn, too.";
        if (!(search.Least >= 1) || !(search.Most >= search.Least) || search.Most > 1e9) yield return "The resource goes from least (1 or more) to most (not less than least).";
        if (search.Factor is < 2 or > 100) yield return $"One in 2 to 100 goes on to the next round, not one in {search.Factor}.";
    }
}
