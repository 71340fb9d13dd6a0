using System.Net;
using System.Net.Sockets;
using CvOps.Contracts;
using CvOps.Simulator.Video;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Simulator.Lines;

/// <summary>Where the lines are served.</summary>
internal sealed record HostOptions(IReadOnlyList<string> Lines, IPAddress Address, int Port, LineOptions Line);

/// <summary>The process that <c>cvops-simulator run</c> is: one loop a line and the HTTP server.</summary>
internal static class LineHost
{
    /// <summary>Builds it; nothing runs or listens before it is started.</summary>
    /// <exception cref="SimulatorException">A line's name can't be one, or is there twice.</exception>
    public static WebApplication Build(HostOptions options)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddSimpleConsole(console => console.SingleLine = true).AddFilter("Microsoft", LogLevel.Warning)
            // The start-up error reaches the console as one sentence, not as a stack.
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(options.Address, options.Port));
        builder.Services.Configure<Microsoft.Extensions.Hosting.HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.Services.AddSingleton(TimeProvider.System);
        var lines = Lines(options);
        foreach (var line in lines.Values)
            builder.Services.AddSingleton<IHostedService>(services => ActivatorUtilities.CreateInstance<LineLoop>(services, line));
        var app = builder.Build();
        app.MapLines(lines);
        return app;
    }

    /// <summary>Runs until stopped.</summary>
    /// <returns>0 when stopped on request, 1 when a line died.</returns>
    /// <exception cref="SimulatorException">The port is busy, or ffmpeg is not there; exit code 78.</exception>
    public static async Task<int> RunAsync(HostOptions options, CancellationToken cancel)
    {
        await Ffmpeg.CheckAsync(options.Line.Ffmpeg, cancel);
        await using var app = Build(options);
        try
        {
            await app.StartAsync(cancel);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new SimulatorException($"Port {options.Port} of {options.Address} is in use: stop what listens there or choose another with --port.", e);
        }
        catch (SocketException e)
        {
            throw new SimulatorException($"Can't listen on {options.Address}:{options.Port}: {e.Message}", e);
        }

        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            // A line died before the server was up; its reason is found below.
        }

        Console.WriteLine($"cvops-simulator: {string.Join(", ", options.Lines)} on http://{options.Address}:{Port(app)}/lines");
        await app.WaitForShutdownAsync(cancel);
        var dead = app.Services.GetServices<IHostedService>().OfType<BackgroundService>().Select(loop => loop.ExecuteTask?.Exception?.InnerException).FirstOrDefault(e => e is not null);
        if (dead is null) return 0;
        Console.Error.WriteLine($"cvops-simulator: {dead.Message}");
        return 1;
    }

    private static int Port(WebApplication app) => app.Urls.Select(url => new Uri(url).Port).FirstOrDefault();

    private static Dictionary<string, Line> Lines(HostOptions options)
    {
        var lines = new Dictionary<string, Line>(StringComparer.Ordinal);
        foreach (var name in options.Lines)
        {
            if (!Identifier.IsValid(name)) throw new SimulatorException($"'{name}' is no name for a line: use letters, digits, '-', '_' or '.'.");
            if (!lines.TryAdd(name, new Line(name, options.Line, TimeProvider.System))) throw new SimulatorException($"The line '{name}' is named twice.");
        }

        return lines.Count > 0 ? lines : throw new SimulatorException("--lines names no line.");
    }
}
