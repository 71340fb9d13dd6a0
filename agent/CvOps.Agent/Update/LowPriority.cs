namespace CvOps.Agent.Update;

/// <summary>Runs work that must not take the processor from the line: loading and testing a new model beside the one that inspects.</summary>
internal static class LowPriority
{
    private const int Niceness = 10;

    /// <summary>Runs it on a thread of its own whose niceness is 10. It is not interrupted: native code cannot be.</summary>
    public static Task<T> RunAsync<T>(string name, Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            ThreadNiceness.TrySet(Niceness);
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
