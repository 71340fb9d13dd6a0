using System.Collections.Concurrent;
using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Accounts;
using CvOps.Fleet.Access.Rights;
using CvOps.Fleet.Access.Tokens;
using CvOps.Fleet.Storage;
using Microsoft.Extensions.Options;

namespace CvOps.Fleet.Access.Sessions;

/// <summary>
/// Answers that go on for as long as somebody listens. Each request is asked who it is of once, at its beginning: here all that are open are looked at again every
/// two seconds, and end with their session or token.
/// </summary>
internal sealed partial class OpenStreams(Database database, ApiTokens tokens, IOptions<FleetOptions> options, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<OpenStreams> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<Open, Principal> _open = new();

    /// <summary>Until it is disposed; behind the gate.</summary>
    public Open Begin(HttpContext http)
    {
        var open = new Open(this, http.RequestAborted, lifetime.ApplicationStopping);
        if (Principal.Of(http) is { } principal) _open[open] = principal;
        return open;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    if (!_open.IsEmpty) await LookAsync(stoppingToken);
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    Log.LookFailed(log, e);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task LookAsync(CancellationToken cancel)
    {
        var open = _open.ToArray();
        var now = time.GetUtcNow();
        var sessions = open.Select(pair => pair.Value.Session).OfType<string>().Distinct().ToArray();
        var living = await database.ReadAsync(connection => sessions.Where(session => SessionTable.IsLiving(connection, session, now - options.Value.SessionIdle, now)).ToHashSet(StringComparer.Ordinal), cancel);
        var may = new Dictionary<string, bool>();
        foreach (var token in open.Select(pair => pair.Value.Token).OfType<string>().Distinct()) may[token] = (await tokens.AgainAsync(token, cancel))?.May(Permission.Read) == true;
        foreach (var (stream, principal) in open)
            if (principal.Session is { } session ? !living.Contains(session) : principal.Token is { } token && !may[token]) stream.End();
    }

    /// <summary>One of them.</summary>
    internal sealed class Open : IDisposable
    {
        private readonly OpenStreams _owner;
        private readonly CancellationTokenSource _ends;

        public Open(OpenStreams owner, CancellationToken left, CancellationToken stopping)
        {
            _owner = owner;
            _ends = CancellationTokenSource.CreateLinkedTokenSource(left, stopping);
            Ended = _ends.Token;
        }

        /// <summary>The listener left or may listen no more, or the fleet stops.</summary>
        public CancellationToken Ended { get; }

        public void End()
        {
            try
            {
                _ends.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It ended by itself a moment ago.
            }
        }

        public void Dispose()
        {
            _owner._open.TryRemove(this, out _);
            _ends.Dispose();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 3751, Level = LogLevel.Warning, Message = "Whether open streams may go on could not be asked; they are looked at again")]
        public static partial void LookFailed(ILogger logger, Exception exception);
    }
}
