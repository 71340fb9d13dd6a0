using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using CvOps.Testing;
using MQTTnet;
using MQTTnet.Protocol;

namespace CvOps.Benchmarks;

/// <summary>
/// The MQTT client alone beside mqtt.js: messages a second with QoS 1 and the same window, payload, topic and mosquitto; connecting and a quarter of as many
/// messages go before the clock in both; rounds interleaved.
/// </summary>
internal static class ClientBench
{
    private const int Messages = 60_000;
    private const int PayloadBytes = 400; // an inspection with two detections
    private const int Window = 64; // the link's
    private const int Rounds = 7;
    private const string Topic = "cvops/v1/bench/bench/inspection/cam";

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        var folder = await NodePackages.InstallAsync("mqtt-js", CancellationToken.None);
        await using var broker = await BenchBroker.StartAsync();
        var ratios = new List<double>();
        for (var round = -1; round < Rounds; round++)
        {
            var rival = await RivalAsync(broker, folder);
            var ours = await OursAsync(broker);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"round {round + 1}: mqtt.js {rival:0} messages/s, ours {ours:0} messages/s, ratio {ours / rival:0.00}{(round < 0 ? " (warm-up)" : "")}"));
            if (round >= 0) ratios.Add(ours / rival);
        }
        return [Figure.AtLeast("client publish rate, QoS 1 / mqtt.js", ratios.Order().ElementAt(Rounds / 2), 2, string.Create(CultureInfo.InvariantCulture, $"mqtt.js 5.16, window {Window}, {PayloadBytes} bytes, same mosquitto; median of {Rounds}"))];
    }

    private static async Task<double> OursAsync(TestBroker broker)
    {
        using var client = new MqttClientFactory().CreateMqttClient();
        await client.ConnectAsync(new MqttClientOptionsBuilder().WithTcpServer(broker.Host, broker.Port).WithTcpServer(tcp => tcp.BufferSize = 256 * 1024).Build());
        await PublishAsync(client, Messages / 4);
        var began = Stopwatch.GetTimestamp();
        await PublishAsync(client, Messages);
        var rate = Messages / Stopwatch.GetElapsedTime(began).TotalSeconds;
        await client.DisconnectAsync();
        return rate;
    }

    private static async Task PublishAsync(IMqttClient client, int messages)
    {
        using var never = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var payload = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(new string('x', PayloadBytes)));
        var onTheWay = new Task<MqttClientPublishResult>?[Window];
        var objects = Enumerable.Range(0, Window).Select(_ => new MqttApplicationMessage { Topic = Topic, Payload = payload, QualityOfServiceLevel = MqttQualityOfServiceLevel.AtLeastOnce }).ToArray();
        for (var index = 0; index < messages + Window; index++)
        {
            var place = index % Window;
            if (onTheWay[place] is { } oldest && !(await oldest).IsSuccess) throw new InvalidOperationException("The broker refused a message.");
            onTheWay[place] = index < messages ? client.PublishAsync(objects[place], never.Token) : null;
        }
    }

    private static async Task<double> RivalAsync(TestBroker broker, string folder)
    {
        await using var node = TestProcess.Start(TestProcess.Find("node")!, [Path.Combine(folder, "publish.cjs"), .. new object[] { broker.Port, Topic, PayloadBytes, Messages, Window }.Select(it => Convert.ToString(it, CultureInfo.InvariantCulture)!)]);
        await node.WaitForExitAsync(TimeSpan.FromMinutes(2));
        if (node.ExitCode != 0) throw new InvalidOperationException($"mqtt.js: {node.Output}");
        return double.Parse(node.Output.Trim(), CultureInfo.InvariantCulture);
    }
}
