using System.Diagnostics;
using System.Globalization;
using CvOps.Agent.Spool;

namespace CvOps.Benchmarks.LinkSoak;

/// <summary>
/// The link for minutes in which broker, agent and fleet are killed (SIGKILL) and their lines cut, stalled, reset and half opened, by chance. At the end
/// everything that was ever on the agent's disk must be applied by the fleet, once.
/// </summary>
internal static class SoakRun
{
    /// <summary>From the fleet's first subscription to the first fault: mosquitto has saved the session by then.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(12);

    private static readonly TimeSpan Draining = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(15);

    /// <param name="minutes">Of faults.</param>
    /// <returns>The process's exit code: 0 when both ends agree.</returns>
    public static async Task<int> RunAsync(int minutes, int seed)
    {
        Console.WriteLine(Text($"{minutes} minutes of faults, seed {seed} (again with SOAK_SEED={seed})"));
        await using var stack = await SoakStack.StartAsync();
        var count = new SoakCount(stack);
        await UntilAsync(count, () => count.Applied(SpoolClass.Results) > 100, Draining, stack);
        await Task.Delay(Settle);
        var faults = new SoakFaults(stack, new Random(seed));
        var began = Stopwatch.GetTimestamp();
        var told = began;
        while (Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(minutes))
        {
            await faults.OneAsync();
            if (stack.Fallen is { } fallen)
            {
                Console.WriteLine($"FAILED  {fallen}");
                return 1;
            }
            count.Look();
            if (Stopwatch.GetElapsedTime(told) < Progress) continue;
            told = Stopwatch.GetTimestamp();
            Console.WriteLine(Text($"{Stopwatch.GetElapsedTime(began):mm\\:ss}  {faults.Count,4} faults, last: {faults.Last,-32} {count.Applied(SpoolClass.Results),8} results applied, {count.Recognised,7} repetitions recognised"));
        }
        Console.WriteLine($"Faults: {faults.Done}.");
        return await DrainedAsync(stack, count) ? 0 : 1;
    }

    private static async Task<bool> DrainedAsync(SoakStack stack, SoakCount count)
    {
        Console.WriteLine("The cameras are taken away; waiting until the spool is drained.");
        await stack.StopAgentAsync();
        var spooled = count.Spooled();
        // It says what it still has, and of itself what is not counted.
        await stack.RestartAgentAsync(cameras: false);
        SpoolClass[] counted = [SpoolClass.Results, SpoolClass.Evidence, SpoolClass.Frames];
        var drained = await UntilAsync(count, () => counted.All(it => count.Applied(it) >= spooled.GetValueOrDefault(it)) && count.Applied(SpoolClass.Control) >= spooled.GetValueOrDefault(SpoolClass.Control), Draining, stack);
        // What was applied too often would come now at the latest.
        await Task.Delay(Settle);
        await stack.StopAgentAsync();
        await UntilAsync(count, () => count.Applied(SpoolClass.Control) >= count.Spooled().GetValueOrDefault(SpoolClass.Control) - 3, TimeSpan.FromSeconds(5), stack);
        var end = count.Spooled();

        var holds = true;
        void Check(bool ok, FormattableString what)
        {
            holds &= ok;
            Console.WriteLine($"{(ok ? "ok    " : "FAILED")}  {Text(what)}");
        }

        Check(drained, $"the spool drained");
        foreach (var of in counted)
            Check(count.Applied(of) == end.GetValueOrDefault(of), $"{SpoolClasses.Name(of),-9} {end.GetValueOrDefault(of),8} messages in the agent's spool, {count.Applied(of),8} applied by the fleet");
        // Its last health messages may have stayed behind when it was told to end.
        Check(count.Applied(SpoolClass.Control) >= spooled.GetValueOrDefault(SpoolClass.Control) && count.Applied(SpoolClass.Control) <= end.GetValueOrDefault(SpoolClass.Control),
            $"{"control",-9} {spooled.GetValueOrDefault(SpoolClass.Control),8} messages in the agent's spool when the cameras were taken away, {end.GetValueOrDefault(SpoolClass.Control)} at the end, {count.Applied(SpoolClass.Control)} applied by the fleet");
        Check(!count.Gaps, $"no message is missing before a later one of its stream and boot");
        Check(count.Inspections.Counted == count.Applied(SpoolClass.Results) && count.Inspections.Rows == count.Inspections.Counted, $"{count.Inspections.Rows} rows of inspections at the fleet");
        Check(count.Inspections.Different == count.Inspections.Rows, $"{count.Inspections.Rows - count.Inspections.Different} applied twice; {count.Recognised} repetitions recognised");
        Check(count.DeadLetters == 0, $"{count.DeadLetters} dead letters");
        Console.WriteLine(holds ? "Messages sent = messages applied, counted from both ends." : $"The ends do not agree.\n{stack.LastWords}");
        return holds;
    }

    /// <returns>False when it did not become true in time.</returns>
    private static async Task<bool> UntilAsync(SoakCount count, Func<bool> condition, TimeSpan patience, SoakStack stack)
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < patience; await Task.Delay(TimeSpan.FromSeconds(1)))
        {
            if (File.Exists(stack.Database)) count.Look();
            if (condition()) return true;
            if (stack.Fallen is { } fallen) Console.WriteLine(fallen);
        }
        return false;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
