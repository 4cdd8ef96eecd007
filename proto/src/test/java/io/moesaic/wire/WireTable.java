package io.moesaic.wire;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import io.moesaic.wire.v1.DispatchHeader;
import io.moesaic.wire.v1.ReplyHeader;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.arrow.memory.RootAllocator;

/// Times round trips of token batches over the real stack against a bare Netty echo of as many
/// bytes, to a second process on loopback, in alternating windows of the same run: one request in
/// flight, the next one sent when the reply has come.
///
/// ```
///   mvn -pl proto test-compile exec:exec@wire-table
/// ```
@SuppressWarnings("FutureReturnValueIgnored")
public final class WireTable {
  private static final int HIDDEN = 2048;
  private static final int[] KIB = {8, 64, 512};
  private static final int ROUNDS = 15;
  private static final long WINDOW_NANOS = 150_000_000;

  private WireTable() {}

  public static void main(String[] args) throws Exception {
    if (args.length > 0) {
      serve();
      return;
    }
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), WireTable.class.getName(), "serve"));
    var server = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (var out =
        new BufferedReader(
            new InputStreamReader(server.getInputStream(), StandardCharsets.US_ASCII))) {
      measure(
          Integer.parseInt(String.valueOf(out.readLine())),
          Integer.parseInt(String.valueOf(out.readLine())));
    } finally {
      server.destroyForcibly();
    }
    System.exit(0);
  }

  private static void measure(int nettyPort, int flightPort) throws Exception {
    System.out.printf(
        "%nround trips of one request in flight, loopback, medians of %d windows%n%n", ROUNDS);
    System.out.printf(
        "%10s %16s %16s %8s %18s%n",
        "KiB", "bare Netty, us", "token batch, us", "ratio", "MB/s each way");
    for (int kib : KIB) {
      PingPong netty = new NettyPing(nettyPort, kib << 10);
      var batches = new BatchPing(flightPort, kib << 10);
      for (int i = 0; i < 20; i++) {
        netty.micros(WINDOW_NANOS * 2);
        batches.micros(WINDOW_NANOS * 2);
      }
      var bare = new double[ROUNDS];
      var ours = new double[ROUNDS];
      var ratios = new double[ROUNDS];
      for (int i = 0; i < ROUNDS; i++) {
        bare[i] = netty.micros(WINDOW_NANOS);
        ours[i] = batches.micros(WINDOW_NANOS);
        ratios[i] = ours[i] / bare[i];
      }
      System.out.printf(
          "%10d %16.1f %16.1f %8.2f %18.0f%n",
          kib, median(bare), median(ours), median(ratios), (kib << 10) / median(ours));
      batches.close();
    }
  }

  private static double median(double[] values) {
    Arrays.sort(values);
    return values[values.length / 2];
  }

  /// Sends when told, and again from the event loop whenever the reply has come, until time is up.
  private abstract static class PingPong {
    private long end;
    private long trips;
    private CompletableFuture<Long> finished = new CompletableFuture<>();

    /// Mean time of a round trip over a window.
    double micros(long nanos) throws Exception {
      finished = new CompletableFuture<>();
      trips = 0;
      long start = System.nanoTime();
      end = start + nanos;
      send();
      return (finished.get() - start) / 1e3 / trips;
    }

    abstract void send();

    final void received() {
      trips++;
      long now = System.nanoTime();
      if (now < end) {
        send();
      } else {
        finished.complete(now);
      }
    }
  }

  // ---- bare Netty: length-prefixed frames

  private static final class Frames extends ChannelInitializer<Channel> {
    private final ChannelInboundHandlerAdapter handler;

    Frames(ChannelInboundHandlerAdapter handler) {
      this.handler = handler;
    }

    @Override
    protected void initChannel(Channel channel) {
      channel.pipeline().addLast(new LengthFieldBasedFrameDecoder(64 << 20, 0, 4), handler);
    }
  }

  private static final class NettyPing extends PingPong {
    private final Channel channel;
    private final ByteBuf frame;

    NettyPing(int port, int bytes) throws InterruptedException {
      frame = Unpooled.directBuffer(bytes + 4).writeInt(bytes).writeZero(bytes);
      var received =
          new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext context, Object message) {
              ((ByteBuf) message).release();
              received();
            }
          };
      channel =
          new Bootstrap()
              .group(new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory()))
              .channel(EpollSocketChannel.class)
              .option(ChannelOption.TCP_NODELAY, true)
              .handler(new Frames(received))
              .connect("127.0.0.1", port)
              .sync()
              .channel();
    }

    @Override
    void send() {
      channel.writeAndFlush(frame.retainedDuplicate(), channel.voidPromise());
    }
  }

  private static Channel nettyEcho() throws InterruptedException {
    var group = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    return new ServerBootstrap()
        .group(group)
        .channel(EpollServerSocketChannel.class)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                new Frames(
                        new ChannelInboundHandlerAdapter() {
                          @Override
                          public void channelRead(ChannelHandlerContext context, Object message) {
                            context.writeAndFlush(message, context.voidPromise());
                          }
                        })
                    .initChannel(channel);
              }
            })
        .bind("127.0.0.1", 0)
        .sync()
        .channel();
  }

  // ---- token batches

  private static final class BatchPing extends PingPong {
    private final RootAllocator allocator = new RootAllocator();
    private final TokenSchema schema = new TokenSchema(WireType.F32, HIDDEN, 2);
    private final int rows;
    private final ManagedChannel channel;
    private final ClientCall<FlightFrame, FlightFrame> call;
    private volatile boolean closing;

    BatchPing(int port, int bytes) {
      rows = bytes / (HIDDEN * 4);
      channel =
          new Transport(1, "ping").channel(new NodeAddress("127.0.0.1", port), WireLimits.DEFAULT);
      call = channel.newCall(FlightExchange.method(allocator), CallOptions.DEFAULT);
      call.start(
          new ClientCall.Listener<>() {
            private boolean schemaSeen;

            @Override
            public void onMessage(FlightFrame frame) {
              call.request(1);
              if (!schemaSeen) {
                schemaSeen = true;
                return;
              }
              try {
                ReplyBatch.header(frame);
                ReplyBatch.decode(frame, schema.reply(), rows).close();
              } catch (WireException e) {
                throw new IllegalStateException(e);
              }
              received();
            }

            @Override
            public void onClose(Status status, Metadata trailers) {
              if (!closing) {
                throw new IllegalStateException(status.toString());
              }
            }
          },
          new Metadata());
      call.request(1);
      call.sendMessage(FlightFrame.of(new byte[0], schema.encode(), new byte[0], null));
    }

    void close() {
      closing = true;
      channel.shutdownNow();
    }

    @Override
    void send() {
      var header = DispatchHeader.newBuilder().setRequestId(1).build();
      call.sendMessage(TokenBatch.allocate(allocator, schema, rows, header).frame());
    }
  }

  private static final class BatchEcho implements ServerCallHandler<FlightFrame, FlightFrame> {
    private final RootAllocator allocator;

    BatchEcho(RootAllocator allocator) {
      this.allocator = allocator;
    }

    @Override
    public ServerCall.Listener<FlightFrame> startCall(
        ServerCall<FlightFrame, FlightFrame> call, Metadata headers) {
      call.sendHeaders(new Metadata());
      call.request(2);
      return new ServerCall.Listener<>() {
        private TokenSchema schema = new TokenSchema(WireType.F32, 1, 1);
        private boolean schemaSeen;

        @Override
        public void onMessage(FlightFrame frame) {
          call.request(1);
          try {
            if (!schemaSeen) {
              schemaSeen = true;
              schema = TokenSchema.decodeRequest(frame.header());
              call.sendMessage(
                  FlightFrame.of(new byte[0], schema.reply().encode(), new byte[0], null));
              return;
            }
            var header = TokenBatch.header(frame);
            try (var batch = TokenBatch.decode(frame, schema, WireLimits.DEFAULT);
                var draft = ReplyBatch.allocate(allocator, schema.reply(), batch.rows())) {
              call.sendMessage(
                  draft.finish(
                      ReplyHeader.newBuilder().setRequestId(header.getRequestId()).build()));
            }
          } catch (WireException e) {
            throw new IllegalStateException(e);
          }
        }
      };
    }
  }

  private static void serve() throws InterruptedException, IOException {
    var allocator = new RootAllocator();
    var netty = (InetSocketAddress) nettyEcho().localAddress();
    var flight =
        new Transport(1, "echo")
            .server(new NodeAddress("127.0.0.1", 0), WireLimits.DEFAULT)
            .addService(FlightExchange.service(allocator, new BatchEcho(allocator)))
            .build()
            .start();
    System.out.println(netty.getPort());
    System.out.println(flight.getPort());
    flight.awaitTermination();
  }
}
