using CvOps.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Benchmarks;

/// <summary>The packages of a folder over HTTP with ranges, from a process of its own: a fleet does not live on the device.</summary>
internal static class PackageServer
{
    public const string Command = "serve-packages";

    private const string Serving = "serving packages";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static async Task<(TestProcess Process, Uri Url)> StartAsync(string folder)
    {
        var port = TestProcess.FreePort();
        var process = TestProcess.StartAssembly(typeof(PackageServer).Assembly.Location, [Command, folder, $"{port}"]);
        await process.WaitForOutputAsync(Serving, Patience);
        return (process, new Uri($"http://127.0.0.1:{port}/"));
    }

    public static async Task<int> RunAsync(string folder, string port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        await using var server = builder.Build();
        server.MapGet("/{name}", (string name) => Results.File(Path.Combine(folder, Path.GetFileName(name)), enableRangeProcessing: true));
        await server.StartAsync();
        Console.WriteLine(Serving);
        await server.WaitForShutdownAsync();
        return 0;
    }
}
