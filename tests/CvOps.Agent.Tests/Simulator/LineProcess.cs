using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Simulator;

/// <summary>A real <c>cvops-simulator run</c> with its HTTP client.</summary>
internal sealed class LineProcess : IAsyncDisposable
{
    private LineProcess(TestProcess process, int port)
    {
        Process = process;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
    }

    public static string Assembly => Path.Combine(AppContext.BaseDirectory, "cvops-simulator.dll");

    public TestProcess Process { get; }

    public HttpClient Http { get; }

    public static async Task<LineProcess> StartAsync(string[] more, CancellationToken cancel)
    {
        Skip.Unless(TestProcess.Find("ffmpeg") is not null, "ffmpeg is not installed.");
        var port = TestProcess.FreePort();
        var line = new LineProcess(TestProcess.StartAssembly(Assembly, ["run", "--port", $"{port}", "--fps", "20", .. more]), port);
        await line.Process.WaitForOutputAsync("cvops-simulator: ", TimeSpan.FromSeconds(20), cancel);
        return line;
    }

    public async Task<LineView> ViewAsync(string line, CancellationToken cancel) =>
        await Http.GetFromJsonAsync($"/lines/{line}", ContractsJson.Default.LineView, cancel) ?? throw new InvalidDataException("null");

    public async Task<LineView> DriftAsync(string line, LineDriftRequest request, CancellationToken cancel)
    {
        using var answer = await Http.PostAsJsonAsync($"/lines/{line}/drift", request, ContractsJson.Default.LineDriftRequest, cancel);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync(ContractsJson.Default.LineView, cancel) ?? throw new InvalidDataException("null");
    }

    public async Task<PartTruth> TruthAsync(string line, uint serial, CancellationToken cancel) =>
        await Http.GetFromJsonAsync($"/lines/{line}/truth/{serial}", ContractsJson.Default.PartTruth, cancel) ?? throw new InvalidDataException("null");

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Process.DisposeAsync();
    }
}
