using CvOps.Contracts.Api;
using CvOps.Simulator.Drawing;
using CvOps.Simulator.Video;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Simulator.Lines;

/// <summary>Draws one part a frame period, hands it to the line's encoder, and the encoder's bytes to the clients.</summary>
internal sealed partial class LineLoop(Line line, TimeProvider time, ILogger<LineLoop> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var options = line.Options;
        using var encoder = Ffmpeg.Encode(options.Ffmpeg, options.Width, options.Height, options.FramesPerSecond, "pipe:1");
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        Log.LineStarted(logger, line.Name, options.Width, options.Height, options.FramesPerSecond);
        var drawing = DrawAsync(encoder, either.Token);
        var sending = line.Broadcast.PumpAsync(encoder.Output, either.Token);
        try
        {
            await await Task.WhenAny(drawing, sending);
            // Neither ends by itself: the encoder closed its output.
            if (!stoppingToken.IsCancellationRequested) throw new SimulatorException($"The encoder of {line.Name} is gone: {await encoder.DescribeAsync()}");
        }
        catch (IOException e) when (!stoppingToken.IsCancellationRequested)
        {
            throw new SimulatorException($"The encoder of {line.Name} is gone: {await encoder.DescribeAsync()}", e);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Log.LineStopped(logger, line.Name, line.Truth.Newest);
        }
        finally
        {
            await either.CancelAsync();
            line.Broadcast.Close();
        }
    }

    private async Task DrawAsync(Ffmpeg encoder, CancellationToken cancel)
    {
        var options = line.Options;
        var drawing = new LinePicture(options.Width, options.Height);
        var picture = new byte[drawing.Bytes];
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / options.FramesPerSecond), time);
        for (uint serial = 1; await timer.WaitForNextTickAsync(cancel); serial++)
        {
            var condition = line.Condition;
            var recipe = PartRecipe.For(options.Seed, line.Name, serial, condition.Product, options.DefectShare);
            drawing.Draw(recipe, condition, picture);
            // The truth is known before the first client can see the part and ask for it.
            line.Truth.Add(new PartTruth(serial, recipe.Class, time.GetUtcNow(), condition.Lamp, condition.Blur, condition.Product.Name));
            await encoder.Input.WriteAsync(picture, cancel);
            await encoder.Input.FlushAsync(cancel);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4100, LogLevel.Information, "{Line} runs: {Width}x{Height}, {FramesPerSecond} parts a second")]
        public static partial void LineStarted(ILogger logger, string line, int width, int height, int framesPerSecond);

        [LoggerMessage(4101, LogLevel.Information, "{Line} stopped after part {Serial}")]
        public static partial void LineStopped(ILogger logger, string line, uint serial);
    }
}
