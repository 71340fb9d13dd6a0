namespace Orleans.Runtime;

/// <summary>What the silo looks after from time to time: answers that do not come, circles of waiting calls, idle activations.</summary>
internal sealed partial class Silo
{
    /// <summary>A circle must have stood this long before it is believed, in milliseconds.</summary>
    private const long DeadlockAge = 1000;

    private const int LongestCircle = 64;

    private async Task SweepLoop()
    {
        var started = _time.GetTimestamp();
        var collectionStarted = _collectionTime.GetTimestamp();
        var lastCollection = TimeSpan.Zero;
        using var timer = new PeriodicTimer(SweepPeriod, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopped.Token))
            {
                var now = (long)_time.GetElapsedTime(started).TotalMilliseconds;
                Volatile.Write(ref _now, now);
                GiveUp(now);

                var collectionNow = _collectionTime.GetElapsedTime(collectionStarted);
                if (collectionNow - lastCollection < Collection.CollectionQuantum) continue;
                lastCollection = collectionNow;
                foreach (var activation in _activations.Values.Where(activation => activation.IsIdle(now)))
                    activation.Deactivate(new(DeactivationReasonCode.ActivationIdle, "The activation has been idle."));
            }
        }
        catch (OperationCanceledException)
        {
            // The silo is stopping.
        }
    }

    private void GiveUp(long now)
    {
        var requests = new List<Request>();
        foreach (var activation in _activations.Values) activation.CopyRequests(requests);
        foreach (var request in requests)
        {
            var reason = request.HasTimedOut(now, _responseTimeout) ? $"Response did not arrive on time in {request.Timeout ?? _responseTimeout} for {request}."
                : !request.Started && now - request.SentAt > DeadlockAge ? Circle(request)
                : null;
            if (reason is null) continue;
            Log.GaveUp(Logger, reason);
            request.Fail(new TimeoutException(reason));
        }
    }

    /// <summary>Follows who waits for whom from a request that cannot start.</summary>
    /// <returns>The circle in words, if the way leads back to the request.</returns>
    private static string? Circle(Request first)
    {
        var path = new List<Request>();
        for (var request = first; request is { Completed: false } && path.Count < LongestCircle;)
        {
            path.Add(request);
            request = request.Started ? request.Child : request.Target?.Blocker();
            if (request == first)
                return $"Deadlock: {string.Join(" waits for ", path.Append(first))}. Break the circle, or mark a method [AlwaysInterleave], a class [Reentrant], or a call nobody waits for [OneWay].";
        }

        return null;
    }
}
