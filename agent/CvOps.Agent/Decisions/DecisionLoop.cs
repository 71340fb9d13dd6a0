using System.Runtime.CompilerServices;
using CvOps.Agent.Health;
using CvOps.Agent.Inference;
using CvOps.Agent.Update;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Observability.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Decisions;

/// <summary>Writes decision records, on a thread of low priority: hashing and deflating a picture takes longer than many models do.</summary>
internal sealed partial class DecisionLoop(DecisionSink sink, DecisionLog log, DeviceId device, InferenceOptions inference, ILogger<DecisionLoop> logger) : BackgroundService, IMetricsSource
{
    private readonly ConditionalWeakTable<ModelManifest, string> _digests = [];
    private long _written;
    private long _failed;

    /// <summary>Records written since the start.</summary>
    public long Written => Interlocked.Read(ref _written);

    /// <summary>Records that the disk refused.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    public void Write(MetricPage page)
    {
        page.Add(AgentMetrics.DecisionsWritten, Written);
        page.Add(AgentMetrics.DecisionsDropped, sink.Dropped);
        page.Add(AgentMetrics.DecisionsFailed, Failed);
        page.Add(AgentMetrics.DecisionsEvicted, log.Evicted);
        page.Add(AgentMetrics.DecisionsBytes, log.Bytes);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (await sink.Filled.WaitToReadAsync(stoppingToken)) await LowPriority.RunAsync("decisions", WriteAll);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping; the last frames' records are few and quick.
            WriteAll();
        }
    }

    private bool WriteAll()
    {
        while (sink.Filled.TryRead(out var draft))
        {
            try
            {
                var manifest = _digests.GetValue(draft.Manifest, DecisionPlace.DigestOf);
                var record = draft.ToRecord(device, (picture, batch) => DecisionPlace.Inputs(draft.Model, manifest, picture, batch, inference.Settings, inference.Precision, draft.Provider));
                log.Write(record, draft.Pixels);
                Interlocked.Increment(ref _written);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A full disk must not stop a line; the count shows it, and the first of a row is logged.
                if (Interlocked.Increment(ref _failed) % 1000 == 1) Log.NotWritten(logger, e.Message);
            }
            finally
            {
                sink.Return(draft);
            }
        }
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(1300, LogLevel.Error, "A decision record cannot be written: {Reason}")]
        public static partial void NotWritten(ILogger logger, string reason);
    }
}
