namespace CvOps.Agent.Update;

/// <summary>Runs work that must not take the processor from the line: loading and testing a new model beside the one that inspects.</summary>
internal static class LowPriority
{
    /// <summary>Of 19; the line's threads have 0 or less.</summary>
    public const int Niceness = 10;

    /// <summary>
    /// Runs it on a thread of its own whose niceness is 10. It is not interrupted: native code cannot be. Threads that it makes yield as much; what
    /// is to serve the line later is made by <see cref="OnPlainThreadAsync"/>.
    /// </summary>
    public static Task<T> RunAsync<T>(string name, Func<T> work) => OnPlainThreadAsync(name, () =>
    {
        // A thread inside another: whoever goes on afterwards must not be started by the nice one, a pool thread would stay nice for ever.
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            ThreadNiceness.TrySet(Niceness);
            try
            {
                result = work();
            }
            catch (Exception e)
            {
                failure = e;
            }
        })
        { IsBackground = true, Name = name };
        thread.Start();
        thread.Join();
        if (failure is not null) System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        return result;
    });

    /// <summary>Runs it on a thread of its own, as nice as any.</summary>
    public static Task<T> OnPlainThreadAsync<T>(string name, Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                done.SetResult(work());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        { IsBackground = true, Name = name };
        thread.Start();
        return done.Task;
    }
}
