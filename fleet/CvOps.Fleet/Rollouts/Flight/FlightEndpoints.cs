using System.Text.Json;
using CvOps.Contracts;
using CvOps.Fleet.Api;
using CvOps.Fleet.Rollouts.Planning;

namespace CvOps.Fleet.Rollouts.Flight;

internal static class FlightEndpoints
{
    private const double MostDays = 366;

    public static void MapFlights(this IEndpointRouteBuilder api) => api.MapPost("/rollouts/simulate", async (HttpContext http, FlightDesk desk, CancellationToken cancel, double days = 30, double? badRate = null, double? rejectRate = null, int runs = 20, int seed = 1) =>
    {
        if (!(days is > 0 and <= MostDays)) return Problems.Unprocessable($"days is {days}; above 0 and at most {MostDays}.");
        if (badRate is { } bad && !(bad is >= 0 and <= 1)) return Problems.Unprocessable($"badRate is {bad}; 0 to 1.");
        if (rejectRate is { } rejects && !(rejects is >= 0 and <= 1)) return Problems.Unprocessable($"rejectRate is {rejects}; 0 to 1.");
        if (runs is < 0 or > FlightDesk.MostRuns) return Problems.Unprocessable($"runs is {runs}; 0 to {FlightDesk.MostRuns}.");
        var reading = await PlanEndpoints.ReadAsync(http.Request, cancel);
        if (reading.Plan is not { } plan || reading.Mistakes.Count > 0) return Problems.Unprocessable(string.Join('\n', reading.Mistakes));
        http.Response.ContentType = "application/x-ndjson";
        await foreach (var line in desk.FlyAsync(plan, new FlightQuestion(days, badRate, rejectRate, runs, seed), cancel))
        {
            var placed = line.Mistakes is null ? line : line with { Mistakes = [.. line.Mistakes.Select(reading.Placed)] };
            await http.Response.WriteAsync(JsonSerializer.Serialize(placed, ContractsJson.Default.FlightLine) + "\n", cancel);
            await http.Response.Body.FlushAsync(cancel);
        }
        return Results.Empty;
    });
}
