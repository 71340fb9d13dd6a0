namespace CvOps.Agent.Actuation;

/// <summary>What a machine has counted since its start.</summary>
/// <param name="Triggers">Edges that announced a part.</param>
/// <param name="Decided">Parts whose decision was there when they were due.</param>
/// <param name="Missed">Parts whose decision was not: no frame, or inspected too late.</param>
/// <param name="Unknown">Parts whose frame gave no prediction.</param>
/// <param name="Ejected">Parts the ejector was driven for, whatever the reason.</param>
/// <param name="Strays">Frames that belong to no announced part.</param>
internal readonly record struct RejectCounts(long Triggers, long Decided, long Missed, long Unknown, long Ejected, long Strays);

/// <summary>
/// The parts between camera and ejector: each is announced by a trigger's edge or by its frame, decided by its frames, and leaves when it is due.
/// Knows no clock and no pins; allocates nothing. One thread at a time.
/// </summary>
internal sealed class RejectMachine(RejectOptions options, TriggerOptions? trigger)
{
    // Far more than fit on any belt between camera and ejector; parts that are through stay until they are overwritten, to know late frames by.
    private const int Capacity = 1024;
    private static readonly LineMoment Never = new(TimeSpan.MaxValue, long.MaxValue);

    private readonly Part[] _parts = new Part[Capacity];
    private long _announced;
    private long _oldest;
    private RejectCounts _counts;
    private LineMoment _nextDue = Never;

    private struct Part
    {
        public LineMoment Seen;
        public LineMoment Due;
        public Verdict Verdict;
        public bool Through;
    }

    public RejectCounts Counts => _counts;

    /// <summary>The moment the next part is due; never when none is on its way.</summary>
    public LineMoment NextDue => _nextDue;

    /// <summary>The trigger's edge.</summary>
    /// <returns>False when it is a bounce of the last one.</returns>
    public bool Announce(LineMoment edge)
    {
        if (_counts.Triggers > 0 && edge.At - _parts[(_announced - 1) % Capacity].Seen.At < trigger!.Debounce) return false;
        _counts = _counts with { Triggers = _counts.Triggers + 1 };
        Add(edge, Verdict.Awaited);
        return true;
    }

    /// <summary>A frame has been inspected.</summary>
    /// <param name="captured">When it was captured, and where the belt was then.</param>
    /// <returns>True when a part without a trigger came too late and is ejected nevertheless, now.</returns>
    public bool Inspected(LineMoment captured, Verdict verdict, LineMoment now)
    {
        if (trigger is null) return Untriggered(captured, verdict, now);
        for (var i = _announced - 1; i >= Math.Max(0, _announced - Capacity); i--)
        {
            ref var part = ref _parts[i % Capacity];
            if (!TriggerMatchRule.Announced(part.Seen.At, captured.At, trigger)) continue;
            if (!TriggerMatchRule.Within(part.Seen.At, captured.At, trigger)) break;
            // A part that is through has been counted as missed; its frame changes nothing any more.
            if (!part.Through) part.Verdict = TriggerMatchRule.Merge(part.Verdict, verdict, trigger.Capture);
            return false;
        }
        _counts = _counts with { Strays = _counts.Strays + 1 };
        return false;
    }

    /// <summary>Takes the next part that has come to the ejector.</summary>
    /// <param name="due">When it was due.</param>
    /// <param name="ejects">Whether the ejector is to be driven for it.</param>
    public bool TryTake(LineMoment now, out LineMoment due, out bool ejects)
    {
        while (_oldest < _announced && _parts[_oldest % Capacity].Through) _oldest++;
        for (var i = _oldest; i < _announced; i++)
        {
            ref var part = ref _parts[i % Capacity];
            if (part.Through || !RejectScheduleRule.Reached(part.Due, now)) continue;
            part.Through = true;
            due = part.Due;
            ejects = Leave(part.Verdict);
            FindNextDue();
            return true;
        }
        (due, ejects) = (default, false);
        return false;
    }

    private bool Untriggered(LineMoment captured, Verdict verdict, LineMoment now)
    {
        if (!RejectScheduleRule.Reached(RejectScheduleRule.DueOf(captured, options), now))
        {
            if (verdict == Verdict.Good) _counts = _counts with { Decided = _counts.Decided + 1 };
            else Add(captured, verdict);
            return false;
        }
        // Its part is past the ejector. A gate that is shut now may still catch it; a good part needs none.
        _counts = _counts with { Missed = _counts.Missed + 1 };
        var ejects = verdict is not Verdict.Good && options.MissedAction == MissedAction.Reject;
        if (ejects) _counts = _counts with { Ejected = _counts.Ejected + 1 };
        return ejects;
    }

    private void Add(LineMoment seen, Verdict verdict)
    {
        if (_announced - _oldest == Capacity)
        {
            // The oldest waits behind a thousand others: a belt that stands still. It is given up as missed.
            if (!_parts[_oldest % Capacity].Through) _counts = _counts with { Missed = _counts.Missed + 1 };
            _oldest++;
        }
        var due = RejectScheduleRule.DueOf(seen, options);
        _parts[_announced++ % Capacity] = new Part { Seen = seen, Due = due, Verdict = verdict };
        _nextDue = Sooner(_nextDue, due);
    }

    private void FindNextDue()
    {
        _nextDue = Never;
        for (var i = _oldest; i < _announced; i++)
        {
            ref var part = ref _parts[i % Capacity];
            if (!part.Through) _nextDue = Sooner(_nextDue, part.Due);
        }
    }

    private static LineMoment Sooner(LineMoment a, LineMoment b) => new(a.At < b.At ? a.At : b.At, Math.Min(a.Position, b.Position));

    private bool Leave(Verdict verdict)
    {
        var ejects = RejectScheduleRule.Ejects(verdict, options.MissedAction);
        _counts = _counts with
        {
            Decided = _counts.Decided + (verdict is Verdict.Good or Verdict.Bad ? 1 : 0),
            Missed = _counts.Missed + (verdict == Verdict.Awaited ? 1 : 0),
            Unknown = _counts.Unknown + (verdict == Verdict.Unknown ? 1 : 0),
            Ejected = _counts.Ejected + (ejects ? 1 : 0),
        };
        return ejects;
    }
}
