using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;

namespace CvOps.Cli.Demo;

/// <summary>The simulator's HTTP side: the truth of each part, and the hand on the lamp.</summary>
internal sealed class SimulatorClient(Uri address) : IDisposable
{
    private readonly HttpClient _http = new() { BaseAddress = address };

    /// <summary>Null for a part the line has not drawn.</summary>
    public async Task<PartTruth?> Truth(string line, string part, CancellationToken ct)
    {
        using var answer = await _http.GetAsync($"lines/{line}/truth/{part}", ct);
        if (answer.StatusCode == HttpStatusCode.NotFound) return null;
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync(ContractsJson.Default.PartTruth, ct);
    }

    public async Task Change(string line, LineDriftRequest drift, CancellationToken ct)
    {
        using var answer = await _http.PostAsJsonAsync($"lines/{line}/drift", drift, ContractsJson.Default.LineDriftRequest, ct);
        answer.EnsureSuccessStatusCode();
    }

    public async Task<bool> Answers(CancellationToken ct)
    {
        try
        {
            using var answer = await _http.GetAsync("lines", ct);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public void Dispose() => _http.Dispose();
}
