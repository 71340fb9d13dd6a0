using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace CvOps.Testing;

/// <param name="Trace">Lower-case hexadecimal, as the ids of the span and its parent.</param>
/// <param name="Service">Of the resource that sent it.</param>
public sealed record ReceivedSpan(string Service, string Trace, string Span, string Parent, string Name, ulong StartNanoseconds, ulong EndNanoseconds);

/// <summary>An OpenTelemetry collector that keeps what comes: OTLP over HTTP, in protobuf, as opentelemetry-proto 1.x has it.</summary>
public sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _server;

    private OtlpReceiver(WebApplication server) => _server = server;

    public string Url => _server.Urls.First();

    public ConcurrentBag<ReceivedSpan> Spans { get; } = [];

    /// <summary>Service and name of every metric that came.</summary>
    public ConcurrentDictionary<(string Service, string Name), int> Metrics { get; } = [];

    /// <summary>Service and text of every line of a log that came.</summary>
    public ConcurrentBag<(string Service, string Body)> Logs { get; } = [];

    public static async Task<OtlpReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new OtlpReceiver(builder.Build());
        receiver._server.MapPost("/v1/traces", http => TakeAsync(http, receiver.Trace));
        receiver._server.MapPost("/v1/metrics", http => TakeAsync(http, receiver.Metric));
        receiver._server.MapPost("/v1/logs", http => TakeAsync(http, receiver.Log));
        await receiver._server.StartAsync();
        return receiver;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task TakeAsync(HttpContext http, Action<ReadOnlyMemory<byte>> take)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        take(body.ToArray());
        http.Response.ContentType = "application/x-protobuf";
    }

    // ExportTraceServiceRequest.resource_spans = 1; ResourceSpans.resource = 1, scope_spans = 2; ScopeSpans.spans = 2;
    // Span: trace_id = 1, span_id = 2, parent_span_id = 4, name = 5, start = 7, end = 8 (fixed64).
    private void Trace(ReadOnlyMemory<byte> request)
    {
        foreach (var (service, span) in Items(request, 2))
        {
            var fields = Fields(span).ToLookup(field => field.Number);
            Spans.Add(new ReceivedSpan(service, Hex(fields[1]), Hex(fields[2]), Hex(fields[4]), Text(fields[5]), fields[7].Select(field => field.Value).FirstOrDefault(), fields[8].Select(field => field.Value).FirstOrDefault()));
        }
    }

    // The same shape; Metric.name = 1.
    private void Metric(ReadOnlyMemory<byte> request)
    {
        foreach (var (service, metric) in Items(request, 2)) Metrics.AddOrUpdate((service, Text(Fields(metric).Where(field => field.Number == 1))), 1, (_, count) => count + 1);
    }

    // The same shape; LogRecord.body = 5, AnyValue.string_value = 1.
    private void Log(ReadOnlyMemory<byte> request)
    {
        foreach (var (service, record) in Items(request, 2))
            foreach (var body in Fields(record).Where(field => field.Number == 5)) Logs.Add((service, Text(Fields(body.Bytes).Where(field => field.Number == 1))));
    }

    private static IEnumerable<(string Service, ReadOnlyMemory<byte> Item)> Items(ReadOnlyMemory<byte> request, int item)
    {
        foreach (var resource in Fields(request).Where(field => field.Number == 1))
        {
            var parts = Fields(resource.Bytes).ToArray();
            var service = parts.Where(part => part.Number == 1).Select(part => Service(part.Bytes)).FirstOrDefault() ?? "";
            foreach (var scope in parts.Where(part => part.Number == 2))
                foreach (var one in Fields(scope.Bytes).Where(field => field.Number == item)) yield return (service, one.Bytes);
        }
    }

    // Resource.attributes = 1: KeyValue.key = 1, value = 2; AnyValue.string_value = 1.
    private static string? Service(ReadOnlyMemory<byte> resource) => Fields(resource).Where(field => field.Number == 1).Select(field => Fields(field.Bytes).ToLookup(part => part.Number))
        .Where(pair => Text(pair[1]) == "service.name").Select(pair => Text(Fields(pair[2].First().Bytes).Where(value => value.Number == 1))).FirstOrDefault();

    private static string Hex(IEnumerable<Field> fields) => fields.Select(field => Convert.ToHexStringLower(field.Bytes.Span)).FirstOrDefault() ?? "";

    private static string Text(IEnumerable<Field> fields) => fields.Select(field => Encoding.UTF8.GetString(field.Bytes.Span)).FirstOrDefault() ?? "";

    /// <summary>https://protobuf.dev/programming-guides/encoding</summary>
    private static IEnumerable<Field> Fields(ReadOnlyMemory<byte> message)
    {
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message, ref at);
            var (number, wire) = ((int)(tag >> 3), (int)(tag & 7));
            switch (wire)
            {
                case 0:
                    yield return new Field(number, default, Varint(message, ref at));
                    break;
                case 1:
                    yield return new Field(number, default, BitConverter.ToUInt64(message.Span.Slice(at, 8)));
                    at += 8;
                    break;
                case 2:
                    var length = (int)Varint(message, ref at);
                    yield return new Field(number, message.Slice(at, length), 0);
                    at += length;
                    break;
                case 5:
                    yield return new Field(number, default, BitConverter.ToUInt32(message.Span.Slice(at, 4)));
                    at += 4;
                    break;
                default:
                    throw new InvalidDataException($"No protobuf: wire type {wire} at {at}.");
            }
        }
    }

    private static ulong Varint(ReadOnlyMemory<byte> message, ref int at)
    {
        for (var (value, shift) = (0UL, 0); ; shift += 7)
        {
            var part = message.Span[at++];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80) return value;
        }
    }

    private readonly record struct Field(int Number, ReadOnlyMemory<byte> Bytes, ulong Value);
}
