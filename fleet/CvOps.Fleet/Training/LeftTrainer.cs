using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace CvOps.Fleet.Training;

/// <summary>A trainer that outlived the fleet that had started it: two at once would write over each other's checkpoints.</summary>
internal static partial class LeftTrainer
{
    private const int SigTerm = 15;
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(30);

    public static void Remember(RunFolder folder, Process process) =>
        File.WriteAllText(folder.Process, string.Create(CultureInfo.InvariantCulture, $"{process.Id} {BeganAt(process.Id)}"));

    public static void Forget(RunFolder folder) => File.Delete(folder.Process);

    public static void Terminate(int process)
    {
        if (!OperatingSystem.IsWindows()) _ = Kill(process, SigTerm);
    }

    /// <summary>Ends what the last attempt left running, if anything.</summary>
    public static async Task EndAsync(TrainerEntry trainer, RunFolder folder)
    {
        if (!File.Exists(folder.Process)) return;
        var words = (await File.ReadAllTextAsync(folder.Process)).Split(' ');
        // Its number may be another program's by now; the time at which that began tells them apart.
        if (words is [var number, var began] && int.TryParse(number, CultureInfo.InvariantCulture, out var id) && began.Length > 0 && BeganAt(id) == began)
        {
            try
            {
                using var left = Process.GetProcessById(id);
                left.Kill(entireProcessTree: true);
                await left.WaitForExitAsync();
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // Gone by itself.
            }
        }
        await StopAsync(trainer, folder);
        Forget(folder);
    }

    /// <summary>Runs the trainer's stop command. A container that is gone already is no failure.</summary>
    public static async Task StopAsync(TrainerEntry trainer, RunFolder folder)
    {
        if (trainer.Stop is not { Length: > 0 } command) return;
        var words = command.Select(folder.Fill).ToArray();
        try
        {
            using var process = Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            using var deadline = new CancellationTokenSource(StopDeadline);
            var said = Task.WhenAll(process.StandardOutput.ReadToEndAsync(deadline.Token), process.StandardError.ReadToEndAsync(deadline.Token));
            await process.WaitForExitAsync(deadline.Token);
            await said;
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or OperationCanceledException or IOException)
        {
            await File.AppendAllTextAsync(folder.Log, $"The stop command {words[0]} did not do its work: {e.Message}\n");
        }
    }

    /// <summary>Since the machine's start, as /proc has it; empty when there is no such process, or no /proc.</summary>
    private static string BeganAt(int process)
    {
        try
        {
            // The program's name stands in brackets and may hold blanks.
            var stat = File.ReadAllText($"/proc/{process}/stat");
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19];
        }
        catch (IOException)
        {
            return "";
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
