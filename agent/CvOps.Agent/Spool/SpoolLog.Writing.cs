using CvOps.Contracts;
using CvOps.Contracts.Telemetry;

namespace CvOps.Agent.Spool;

/// <summary>The one writer.</summary>
internal sealed partial class SpoolLog
{
    private const int GroupBytes = 4 * 1024 * 1024;
    private const int MostEvictionsForOne = 4;

    // errno of a full disk and of a full quota.
    private static bool IsFull(Exception e) => e is IOException { HResult: 28 or 122 };

    private async Task WriteAsync()
    {
        var pendings = new List<Pending>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            // Before the first position is taken: opening may find what an earlier run left.
            var open = Boot > 0 || TryOpen();
            pendings.Clear();
            var bytes = 0;
            foreach (var group in _groups) group.Clear();
            while (bytes < GroupBytes && _queue.Reader.TryRead(out var pending))
            {
                var group = _groups[(int)pending.Class];
                bytes -= group.Bytes;
                if (Encode(pending, group, open)) pendings.Add(pending);
                bytes += group.Bytes;
            }
            if (pendings.Count == 0) continue;
            Commit();
            Interlocked.Increment(ref _committed);
            foreach (var pending in pendings)
            {
                var lost = _groups[(int)pending.Class].Failed;
                if (lost) Losses.Count(SpoolTopic.KindOf(pending.Topic), SpoolLossReason.Disk);
                pending.Done?.TrySetResult(lost ? AppendOutcome.Lost : AppendOutcome.Stored);
            }
        }
    }

    private bool Encode(in Pending pending, SpoolGroup group, bool open)
    {
        try
        {
            if (!open)
            {
                Losses.Count(SpoolTopic.KindOf(pending.Topic), SpoolLossReason.Disk);
                pending.Done?.TrySetResult(AppendOutcome.Lost);
                return false;
            }
            return pending.Body is { } body
                ? Take(pending, group, _stamp.Head(_device, _boot, group.Sequence, pending.Class), OriginStamp.Rest(body.Json))
                : Take(pending, group, [], pending.Payload!(new Origin(_device, _boot, group.Sequence, (int)pending.Class)));
        }
#pragma warning disable CA1031 // A payload that can't be made is its caller's bug; the other callers' messages go on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Log.PayloadFailed(_logger, pending.Topic, e);
            pending.Done?.TrySetException(e);
            return false;
        }
        finally
        {
            if (pending.Body is { } body) _bodies.Return(body);
        }
    }

    private bool Take(in Pending pending, SpoolGroup group, ReadOnlySpan<byte> head, ReadOnlySpan<byte> rest)
    {
        var length = head.Length + rest.Length;
        if (length > Limits.MessageBytes)
        {
            SetAside(pending.Topic, [.. head, .. rest], $"{length} bytes are more than the {Limits.MessageBytes} a message may have.");
            pending.Done?.TrySetResult(AppendOutcome.SetAside);
            return false;
        }
        group.Add(pending.Topic, head, rest);
        return true;
    }

    /// <summary>Everything is written before anything is synced: the first sync of a journaling file system serves all that was written by then.</summary>
    private void Commit()
    {
        var failed = false;
        foreach (var group in _groups)
        {
            if (group.Count > 0) group.Write(_left);
        }
        foreach (var group in _groups)
        {
            if (group.Count > 0) group.Sync(_left);
        }
        foreach (var group in _groups)
        {
            if (group.Failed && !TryAgain(group)) failed = true;
        }
        try
        {
            _budget.Keep();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Report(e);
            failed = true;
        }
        _grown.Set();
        if (failed || _problem is null) return;
        Log.Healed(_logger);
        _problem = null;
    }

    /// <summary>In a new segment; on a full disk in place of something that is worth no more.</summary>
    private bool TryAgain(SpoolGroup group)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                group.Again();
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                group.Store.Abandon();
                Report(e);
                if (!IsFull(e) || attempt == MostEvictionsForOne || !TryMakeRoom(group.Store.Class)) return false;
            }
        }
    }

    private bool TryMakeRoom(SpoolClass wanted)
    {
        try
        {
            return _budget.MakeRoom(wanted);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Report(e);
            return false;
        }
    }
}
