using System.Device.Gpio;
using CvOps.Agent.Actuation;
using CvOps.Contracts;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>
/// How late the ejector is driven after a part is due, on real time and pins in memory, while another thread computes as inference would.
/// The rival does what one would write first: <c>await Task.Delay</c>, then the pin. One part of each in turn.
/// </summary>
internal static class ActuationBench
{
    private const int Parts = 400;
    private const int Ejector = 1;
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(20);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        var time = TimeProvider.System;
        var pins = new MemoryPins(time);
        using var controller = new GpioController(pins);
        var options = new ActuationOptions { Camera = new CameraId("cam"), Reject = new RejectOptions { Pin = Ejector, Delay = Delay, Pulse = TimeSpan.FromMilliseconds(2) } };
        using var loop = new RejectLoop(options, controller, time, realtime: true);
        using var ending = new CancellationTokenSource();
        var load = new Thread(() => Compute(ending.Token)) { IsBackground = true, Name = "load" };
        load.Start();

        var ours = new double[Parts];
        var rival = new double[Parts];
        var chance = new Random(7);
        for (var i = 0; i < Parts; i++)
        {
            var started = time.GetTimestamp();
            loop.Inspected(time.GetUtcNow(), Verdict.Bad);
            // Driven and released: high and low for each part so far, after the low of the opening.
            var through = 3 + 2 * i;
            await Eventually.Async(() => pins.Shown(Ejector).Count >= through, TimeSpan.FromSeconds(10), () => $"{pins.Shown(Ejector).Count} levels of {through}");
            ours[i] = time.GetElapsedTime(started, pins.Shown(Ejector)[through - 2].Timestamp).TotalMilliseconds - Delay.TotalMilliseconds;

            started = time.GetTimestamp();
            await Task.Delay(Delay);
            rival[i] = time.GetElapsedTime(started).TotalMilliseconds - Delay.TotalMilliseconds;
            // Parts come when they come, not in step with the machine's timers.
            await Task.Delay(chance.Next(1, 10));
        }
        await ending.CancelAsync();
        load.Join();
        return
        [
            // Without the right to real-time scheduling these are other figures: the rival column says so.
            Figure.AtMost("ejector lateness p99, ms", Percentile(ours, 0.99), 1, loop.RealtimeRefused ? "the moment the part is due; no real-time scheduling here" : "the moment the part is due"),
            Figure.AtMost("ejector lateness p99 / Task.Delay's", Percentile(ours, 0.99) / Percentile(rival, 0.99), 0.5, $"Task.Delay, {Percentile(rival, 0.99):0.00} ms"),
            Figure.AtMost("ejector lateness median / Task.Delay's", Percentile(ours, 0.5) / Percentile(rival, 0.5), 0.5, $"Task.Delay, {Percentile(rival, 0.5):0.00} ms"),
        ];
    }

    private static double Percentile(double[] values, double share) => values.Order().ElementAt((int)(share * (values.Length - 1)));

    private static void Compute(CancellationToken ending)
    {
        var x = 1.0;
        while (!ending.IsCancellationRequested) x = Math.Sqrt(x + 1);
        GC.KeepAlive(x);
    }
}
