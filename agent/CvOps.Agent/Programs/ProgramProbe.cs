using System.Diagnostics;
using CvOps.Agent.Update;

namespace CvOps.Agent.Programs;

/// <summary>Runs a new program beside the one in charge, once: does it start on this machine at all, and does it understand this device's configuration?</summary>
internal static class ProgramProbe
{
    private const int MostWords = 500;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <param name="variables">Tell it that it is no service.</param>
    /// <returns>Why it will not do, in a sentence; null when it will.</returns>
    public static async Task<string?> CheckAsync(string entry, string configuration, IReadOnlyDictionary<string, string?> variables, CancellationToken cancel)
    {
        var command = ProgramExec.Command(entry, ["check", "--config", configuration]);
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var (name, value) in variables) start.Environment[name] = value;
        // It is no service: systemd must not hear from it.
        foreach (var name in (string[])["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"]) start.Environment.Remove(name);
        try
        {
            // Made by a thread that yields, it yields as much: the line goes first.
            using var process = await LowPriority.RunAsync("probe program", () => Process.Start(start)!);
            process.StandardInput.Close();
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            patience.CancelAfter(Patience);
            var (said, complained) = (process.StandardOutput.ReadToEndAsync(patience.Token), process.StandardError.ReadToEndAsync(patience.Token));
            try
            {
                await process.WaitForExitAsync(patience.Token);
                var words = $"{await said} {await complained}".Trim().ReplaceLineEndings(" ");
                return process.ExitCode == 0 ? null : $"The new program does not take this device's configuration, or does not start here (exit code {process.ExitCode}): {(words.Length > MostWords ? words[..MostWords] : words)}";
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                if (cancel.IsCancellationRequested) throw;
                return $"The new program did not look at this device's configuration within {Patience.TotalSeconds:0} s.";
            }
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            return $"The new program does not start here: {e.Message.TrimEnd('.')}.";
        }
    }
}
