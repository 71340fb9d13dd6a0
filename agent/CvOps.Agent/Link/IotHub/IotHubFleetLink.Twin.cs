using System.Text.Json;
using CvOps.Contracts.Twin;
using Microsoft.Azure.Devices.Shared;

namespace CvOps.Agent.Link.IotHub;

/// <summary>The twin's two halves: what is desired comes in, what is reported goes out.</summary>
internal sealed partial class IotHubFleetLink
{
    private async Task PatchedAsync(HubLine line, DesiredDocument desired, TwinCollection patch)
    {
        await _refreshing.WaitAsync();
        try
        {
            bool complete;
            lock (desired) complete = desired.TryApply(patch.ToJson());
            if (complete) Read(desired);
            else Take(desired, (await line.TwinAsync()).Properties.Desired.ToJson());
        }
        catch (Exception e) when (HubOutcome.IsExpected(e) || e is JsonException)
        {
            // The next connection reads the whole twin again.
            Log.DesiredUnreadable(_logger, HubOutcome.Text(e));
        }
        finally
        {
            _refreshing.Release();
        }
    }

    private void Take(DesiredDocument desired, string json)
    {
        bool newer;
        lock (desired) newer = desired.Replace(json);
        if (newer) Read(desired);
    }

    private void Read(DesiredDocument desired)
    {
        try
        {
            lock (desired) _inbox.Put(desired.Read());
        }
        catch (JsonException e)
        {
            Log.DesiredUnreadable(_logger, e.Message);
        }
    }

    private async Task SendReportAsync(HubLine line)
    {
        try
        {
            await _reporting.WaitAsync(line.Lost);
            try
            {
                // Whoever reported while we waited is sent by us, and finds nothing left to do.
                while (Volatile.Read(ref _reported) is { } reported && !ReferenceEquals(reported, _reportedSent))
                {
                    await ReportAsync(line, reported);
                    await Task.Delay(BetweenReports, _time, line.Lost);
                }
            }
            finally
            {
                _reporting.Release();
            }
        }
        catch (Exception e) when (HubOutcome.IsExpected(e))
        {
            // A lost connection sends it when it is back.
            if (!line.Lost.IsCancellationRequested) Log.ReportFailed(_logger, HubOutcome.Text(e));
        }
    }

    private async Task ReportAsync(HubLine line, TwinReported reported)
    {
        var (document, leftOut) = ReportedRule.Fit(reported);
        if (leftOut.Count > 0) Log.ReportTooLarge(_logger, string.Join(", ", leftOut));
        try
        {
            if (TwinPatch.Between(line.Reported, document) is { Count: > 0 } patch) await line.ReportAsync(patch);
            line.Reported = document;
            _reportedSent = reported;
        }
        catch (Exception e) when (HubOutcome.IsThrottled(e))
        {
            await Task.Delay(_throttle.Next(), _time, line.Lost);
        }
    }
}
