using System.Runtime.InteropServices;

namespace CvOps.Agent.Offline;

/// <summary><c>cvops-agent run</c>, which people call as <c>cvops run</c>.</summary>
internal static class OfflineCommand
{
    /// <param name="arguments">Without the verb.</param>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        if (arguments.Any(argument => argument is "--help" or "-h" or "-?"))
        {
            Console.WriteLine(OfflineCommandLine.Help);
            return OfflineExit.Done;
        }
        var (options, mistakes) = OfflineCommandLine.Parse(arguments);
        foreach (var mistake in mistakes) Say(mistake);
        if (mistakes.Count > 0) return OfflineExit.WrongInput;

        using var interrupt = new CancellationTokenSource();
        // The second time nobody waits for what is under way.
        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = !interrupt.IsCancellationRequested;
            interrupt.Cancel();
        }

        using var ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        try
        {
            // Lines have standard output for themselves.
            var summary = options.Out == OfflineOptions.StandardOutput ? Console.Error : Console.Out;
            return await new OfflineRun(options, summary, Say, TimeProvider.System).RunAsync(interrupt.Token);
        }
        catch (OfflineException e)
        {
            Say(e.Message);
            return e.ExitCode;
        }
        catch (IOException e)
        {
            // Files have answers of their own: it is the summary that nobody can take.
            Say($"standard output can't be written: {e.Message}");
            return OfflineExit.Failed;
        }
    }

    private static void Say(string sentence) => Console.Error.WriteLine($"cvops run: {sentence}");
}
