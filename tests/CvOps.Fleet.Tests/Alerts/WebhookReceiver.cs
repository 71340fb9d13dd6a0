using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CvOps.Fleet.Tests.Alerts;

/// <summary>A request as it came.</summary>
internal sealed record ReceivedHook(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>A real web server on the loopback that keeps what is posted to it.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedHook> _got = new();

    private WebhookReceiver(WebApplication app) => _app = app;

    public int Port { get; private set; }

    public string Url => $"http://127.0.0.1:{Port}/hook";

    public IReadOnlyCollection<ReceivedHook> Got => _got;

    /// <summary>The status of the next answers.</summary>
    public Func<HttpContext, int> Answer { get; set; } = _ => 204;

    /// <summary>Held back until this is done.</summary>
    public Task Hold { get; set; } = Task.CompletedTask;

    public static async Task<WebhookReceiver> StartAsync(int port = 0)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        var receiver = new WebhookReceiver(builder.Build());
        receiver._app.Run(receiver.TakeAsync);
        await receiver._app.StartAsync(TestContext.Current.CancellationToken);
        receiver.Port = new Uri(receiver._app.Urls.First()).Port;
        return receiver;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        _got.Enqueue(new ReceivedHook(http.Request.Path, http.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString()), body.ToArray()));
        await Hold;
        http.Response.StatusCode = Answer(http);
    }
}
