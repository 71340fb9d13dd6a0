using CvOps.Contracts.Api;
using CvOps.Plans.Yaml;

namespace CvOps.Fleet.Rollouts.Planning;

/// <summary>Plans as they come over HTTP: JSON, or YAML by its content type.</summary>
internal static class PlanEndpoints
{
    public static void MapPlans(this IEndpointRouteBuilder api) => api.MapPost("/rollouts/check", async (HttpRequest request, RolloutPlanning planning, CancellationToken cancel) =>
        Results.Ok(await CheckAsync(await ReadAsync(request, cancel), planning, cancel)));

    /// <summary>The plan in a request's body.</summary>
    public static async Task<PlanReading> ReadAsync(HttpRequest request, CancellationToken cancel)
    {
        using var body = new StreamReader(request.Body);
        var text = await body.ReadToEndAsync(cancel);
        return request.ContentType?.Contains("yaml", StringComparison.OrdinalIgnoreCase) == true ? PlanReader.Yaml(text) : PlanReader.Json(text);
    }

    /// <summary>Every mistake of a plan that was not taken, with its place in the text, a line each.</summary>
    /// <param name="otherwise">What is said where looking again finds nothing.</param>
    public static async Task<string> RefusalAsync(PlanReading reading, IEnumerable<string> otherwise, RolloutPlanning planning, CancellationToken cancel) =>
        (await CheckAsync(reading, planning, cancel)).Mistakes is { Count: > 0 } mistakes ? string.Join('\n', mistakes) : string.Join('\n', otherwise);

    private static async Task<PlanCheck> CheckAsync(PlanReading reading, RolloutPlanning planning, CancellationToken cancel)
    {
        if (reading.Plan is null) return new PlanCheck { Mistakes = reading.Mistakes, Notes = [], Rings = [] };
        var check = await planning.Check(reading.Plan, cancel);
        // Those of the text alone come from the reader, which knows more of them; the fleet finds the others.
        var read = reading.Mistakes.Select(mistake => (mistake.Path, mistake.Problem)).ToHashSet();
        PlanMistake[] mistakes = [.. reading.Mistakes, .. check.Mistakes.Where(mistake => !read.Contains((mistake.Path, mistake.Problem))).Select(reading.Placed)];
        return mistakes.Length == 0 ? check : check with { Mistakes = [.. mistakes.OrderBy(mistake => mistake.Line ?? 0).ThenBy(mistake => mistake.Column ?? 0)], Rings = [], Coverage = null };
    }
}
