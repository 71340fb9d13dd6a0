using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Packages.Chunks;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Update.Fetch.Neighbours;

/// <summary>
/// One neighbour during one download. It may lie, be slow, full or dead: each costs what was asked of it, that once, and it is not asked again for a
/// while, or, when its bytes were wrong, for this package.
/// </summary>
internal sealed partial class NeighbourClient(HttpClient http, Uri address, string package, TimeProvider time, ILogger log)
{
    private const long LeastBytesPerSecond = 256 * 1024;
    private const long MostHolding = 1 << 20;

    private static readonly TimeSpan AskTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Stall = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan FirstGrudge = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestGrudge = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan NewsTime = TimeSpan.FromSeconds(5);

    private volatile ChunkHolding? _holding;
    private TimeSpan _grudge = FirstGrudge;
    private TimeSpan _shunned;
    private TimeSpan _news;
    private int _had = -1;
    private bool _lied;

    /// <summary>What it said last; null when there is nothing to be had from it now.</summary>
    public ChunkHolding? Holding => _lied || Clock < _shunned ? null : _holding;

    /// <summary>It fetches the package, and its chunks have become more within the last seconds.</summary>
    public bool GetsOn => Holding is { Fetching: true } && Clock - _news < NewsTime;

    private TimeSpan Clock => time.GetElapsedTime(0);

    /// <summary>Asks what it has. A neighbour that does not answer has nothing.</summary>
    public async Task AskAsync(PackageAssembly mine, CancellationToken cancellation)
    {
        if (_lied || Clock < _shunned) return;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(AskTime);
        try
        {
            using var answer = await http.GetAsync(new Uri(address, $"{NeighbourServer.Root}/{package}/holding"), HttpCompletionOption.ResponseHeadersRead, patience.Token);
            // Longer than any holding: it may not fill our memory.
            await answer.Content.LoadIntoBufferAsync(MostHolding, patience.Token);
            var holding = answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadFromJsonAsync(ContractsJson.Default.ChunkHolding, patience.Token) : null;
            _holding = holding is not null && (holding.Chunks is null || (holding.List == mine.ListDigest && holding.Chunks.Length == (mine.List.Count + 7) / 8)) ? holding : null;
            var has = _holding?.Chunks?.Sum(bits => (int)byte.PopCount(bits)) ?? 0;
            if (has != _had) (_had, _news) = (has, Clock);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            Shun(e is OperationCanceledException ? $"it gave no answer within {AskTime.TotalSeconds:0} s" : e.Message);
        }
    }

    public bool Has(int chunk) => Holding is { } holding && (holding.Chunks is not { } bits || (bits[chunk / 8] & (1 << (chunk % 8))) != 0);

    /// <summary>Fetches a run. What goes wrong is remembered here and thrown at nobody: the run is simply still missing.</summary>
    /// <exception cref="DiskRefusedException">The disk is full or broken.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task FetchAsync(ChunkRun run, PackageAssembly assembly, FetchMeter meter, CancellationToken cancellation)
    {
        var (from, to) = (assembly.OffsetOf(run.First), assembly.OffsetOf(run.Last + 1) - 1);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Stall + TimeSpan.FromSeconds((to - from + 1) / (double)LeastBytesPerSecond));
        try
        {
            await using var answer = await RangeAnswer.OpenAsync(http, new Uri(address, $"{NeighbourServer.Root}/{package}"), from, to, null, Stall, patience.Token);
            if (answer.Start != from) throw new IOException("it sent the whole file where a part was asked for");
            await ChunkDownload.ReadAsync(answer, run, assembly, count =>
            {
                meter.FromNeighbours(count);
                return Task.CompletedTask;
            });
        }
        catch (ChunkMismatchException e)
        {
            _lied = true;
            Log.NeighbourLied(log, address, e.Message);
        }
        catch (Exception e) when (e is UpdateRefusedException or HttpRequestException or (IOException and not DiskRefusedException)
            || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            Shun(e is OperationCanceledException ? "it was too slow" : e.Message);
        }
    }

    private void Shun(string reason)
    {
        (_holding, _shunned) = (null, Clock + _grudge);
        _grudge = _grudge * 2 < LongestGrudge ? _grudge * 2 : LongestGrudge;
        Log.NeighbourShunned(log, address, reason);
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 4050, Level = LogLevel.Warning, Message = "Neighbour {Address} sent wrong bytes and is not asked for this package any more: {Problem}")]
        public static partial void NeighbourLied(ILogger log, Uri address, string problem);

        [LoggerMessage(EventId = 4051, Level = LogLevel.Debug, Message = "Neighbour {Address} is left alone for a while: {Reason}")]
        public static partial void NeighbourShunned(ILogger log, Uri address, string reason);
    }
}
